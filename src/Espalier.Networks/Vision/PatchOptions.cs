using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>What the networks on patches beside gMLP have in common: ViT, MLP-Mixer and ResMLP.</summary>
public abstract record PatchOptions : VisionOptions, IPatchOptions
{
    /// <summary>Height of a patch in pixels, and its width unless <see cref="PatchWidth"/> says otherwise.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>Width of a patch in pixels; null is <see cref="PatchSize"/>.</summary>
    public int? PatchWidth { get; init; }

    /// <summary>Channels d of a token.</summary>
    public int DModel { get; init; } = 384;

    /// <summary>Number of blocks L.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Probability, in [0, 1), that a residual branch of a sample is dropped in a training step (stochastic depth).</summary>
    public double DropPath { get; init; }

    /// <summary>Epsilon of the LayerNorms; timm's.</summary>
    public double NormEps { get; init; } = 1e-6;

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public abstract void Validate();

    /// <summary>Checks what the networks on patches have in common.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected void ValidatePatches()
    {
        ValidateImages();
        OptionsException.Require(PatchSize >= 1, nameof(PatchSize), PatchSize, "must be at least 1");
        OptionsException.Require(PatchWidth is null or >= 1, nameof(PatchWidth), PatchWidth, "must be at least 1");
        OptionsException.Require(DModel >= 1, nameof(DModel), DModel, "must be at least 1");
        OptionsException.Require(Layers >= 1, nameof(Layers), Layers, "must be at least 1");
        OptionsException.Require(DropPath is >= 0 and < 1, nameof(DropPath), DropPath, "must lie in [0, 1)");
        OptionsException.Require(NormEps > 0, nameof(NormEps), NormEps, "must be above 0");
        PatchGrid.Validate(ImageHeight, ImageWidth, PatchSize, PatchWidth);
    }
}
