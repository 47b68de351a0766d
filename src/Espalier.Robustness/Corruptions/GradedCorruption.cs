using Espalier.Randomness;

namespace Espalier.Robustness.Corruptions;

/// <summary>A corruption with one setting for each severity and size of image.</summary>
/// <param name="name">Its name.</param>
/// <param name="isRandom">Whether draws differ.</param>
/// <param name="imageNet">The settings of severities 1 to 5 for large images.</param>
/// <param name="cifar">The settings of severities 1 to 5 for small images.</param>
internal abstract class GradedCorruption<TSetting>(string name, bool isRandom, TSetting[] imageNet, TSetting[] cifar) : Corruption
{
    public sealed override string Name => name;

    public sealed override bool IsRandom => isRandom;

    private protected sealed override void Corrupt(Span<float> image, ImageSize size, int severity, CorruptionConstants constants, ref SplitMix64 random) =>
        Corrupt(image, size, (constants == CorruptionConstants.ImageNet ? imageNet : cifar)[severity - 1], ref random);

    protected abstract void Corrupt(Span<float> image, ImageSize size, TSetting setting, ref SplitMix64 random);
}
