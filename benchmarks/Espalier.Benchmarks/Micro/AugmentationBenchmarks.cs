using BenchmarkDotNet.Attributes;
using Espalier.Data.Augmentation;

namespace Espalier.Benchmarks.Micro;

/// <summary>Views of 512 colour images; the time over 512 is a sample's.</summary>
public class AugmentationBenchmarks : IDisposable
{
    private const int Samples = 512;

    private Tensor _images = null!;
    private ImageAugmenter _augmenter = null!;

    /// <summary>Height and width in pixels.</summary>
    [Params(16, 32)]
    public int Size { get; set; } = 16;

    /// <summary>Threads that work at once.</summary>
    [Params(1, 2)]
    public int Threads { get; set; } = 1;

    /// <summary>What a view is.</summary>
    [Params("cropFlip", "photographs", "byolSecond", "affine")]
    public string Recipe { get; set; } = "photographs";

    /// <summary>Makes the images.</summary>
    [GlobalSetup]
    public void Load()
    {
        _images = torch.rand(Samples, 3, Size, Size).DetachFromDisposeScope();
        _augmenter = new ImageAugmenter(
            Recipe switch
            {
                "cropFlip" => new() { ResizedCrop = new() { MinArea = 0.3 }, FlipProbability = 0.5 },
                "photographs" => AugmentationPresets.SmallPhotographs,
                "byolSecond" => AugmentationPresets.ByolSecond(Size),
                _ => AugmentationPresets.Digits,
            },
            seed: 1,
            threads: Threads);
    }

    /// <summary>One view of each.</summary>
    [Benchmark(OperationsPerInvoke = Samples)]
    public void View() => _augmenter.Apply(_images, 0, 0).Dispose();

    /// <inheritdoc/>
    [GlobalCleanup]
    public void Dispose()
    {
        _images?.Dispose();
        GC.SuppressFinalize(this);
    }
}
