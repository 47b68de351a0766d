using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The shape of a <see cref="WideResNet"/>. The defaults are WRN-40-2 with dropout 0.3, as Outlier Exposure has it for CIFAR (Hendrycks et al. 2019).</summary>
public sealed record WideResNetOptions : VisionOptions
{
    /// <summary>Layers d = 6n + 4, n blocks in each of three stages.</summary>
    public int Depth { get; init; } = 40;

    /// <summary>k: the stages have 16k, 32k and 64k channels.</summary>
    public int Width { get; init; } = 2;

    /// <summary>Dropout between the two convolutions of a block, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.3;

    /// <summary>Blocks of a stage.</summary>
    internal int BlocksPerStage => (Depth - 4) / 6;

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        ValidateImages();
        OptionsException.Require(Depth >= 10 && (Depth - 4) % 6 == 0, nameof(Depth), Depth, "must be 6n + 4 and at least 10");
        OptionsException.Require(Width >= 1, nameof(Width), Width, "must be at least 1");
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
    }
}
