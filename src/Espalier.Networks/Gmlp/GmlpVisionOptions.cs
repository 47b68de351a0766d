namespace Espalier.Networks;

/// <summary>
/// The shape of a <see cref="GmlpVision"/>. The defaults are gMLP-Ti of Liu et al., "Pay Attention to MLPs" (NeurIPS
/// 2021, arXiv:2105.08050), Table 1, with timm's initialisation.
/// </summary>
public sealed record GmlpVisionOptions
{
    /// <summary>Height of the images in pixels; null takes the data's.</summary>
    public int? ImageHeight { get; init; }

    /// <summary>Width of the images in pixels; null takes the data's.</summary>
    public int? ImageWidth { get; init; }

    /// <summary>Channels of the images; null takes the data's.</summary>
    public int? Channels { get; init; }

    /// <summary>Number of classes; null takes the data's.</summary>
    public int? Classes { get; init; }

    /// <summary>Height of a patch in pixels, and its width unless <see cref="PatchWidth"/> says otherwise.</summary>
    public int PatchSize { get; init; } = 16;

    /// <summary>Width of a patch in pixels; null is <see cref="PatchSize"/>.</summary>
    public int? PatchWidth { get; init; }

    /// <summary>Channels d of a token between the blocks.</summary>
    public int DModel { get; init; } = 128;

    /// <summary>Channels e of a token inside a block, before the gate; even where the gate splits them.</summary>
    public int DFfn { get; init; } = 768;

    /// <summary>Number of blocks L.</summary>
    public int Layers { get; init; } = 30;

    /// <summary>How the matrices that mix tokens are stored.</summary>
    public SpatialForm SpatialForm { get; init; } = SpatialForm.Dense;

    /// <summary>Whether a token may only look at itself and the tokens before it, in row-major order.</summary>
    public bool Causal { get; init; }

    /// <summary>The gate; all but the default exist for the ablation of Table 3.</summary>
    public GateForm GateForm { get; init; } = GateForm.MultiplicativeSplit;

    /// <summary>Width a of the one tiny attention head that makes aMLP (Fig. 6); null is none. 64 in the paper's base.</summary>
    public int? DAttention { get; init; }

    /// <summary>
    /// Probability, in (0, 1], that a block's residual branch survives a training step, per sample (stochastic depth):
    /// 1, 0.95 and 0.8 for Ti, S and B.
    /// </summary>
    public double SurvivalProbability { get; init; } = 1;

    /// <summary>How the probability depends on depth.</summary>
    public DropPathMode DropPathMode { get; init; } = DropPathMode.Constant;

    /// <summary>Epsilon of each block's LayerNorm and of the final one; timm's.</summary>
    public double BlockNormEps { get; init; } = 1e-6;

    /// <summary>Epsilon of the LayerNorm inside the gate: 1e-5 in timm, other than the blocks'.</summary>
    public double SguNormEps { get; init; } = 1e-5;

    /// <summary>
    /// Standard deviation of W at the start; null is 1e-6 (timm's: near zero, so that a block starts without mixing
    /// tokens), or 0.02 for the gate forms <see cref="GateForm.Linear"/> and <see cref="GateForm.Additive"/>.
    /// </summary>
    public double? SpatialInitStd { get; init; }

    /// <summary>Whether the head's bias starts at -log(classes) rather than 0 (timm's option "nlhb").</summary>
    public bool NegativeLogHeadBias { get; init; }

    /// <summary>What is subtracted from the pixels first: one value, or one per channel, in the pixels' unit.</summary>
    public IReadOnlyList<double> InputMean { get; init; } = [0];

    /// <summary>What the pixels are then divided by: one value, or one per channel, above zero.</summary>
    public IReadOnlyList<double> InputStd { get; init; } = [1];

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        AtLeastOne(ImageHeight, nameof(ImageHeight));
        AtLeastOne(ImageWidth, nameof(ImageWidth));
        AtLeastOne(Channels, nameof(Channels));
        OptionsException.Require(Classes is null or >= 2, nameof(Classes), Classes, "must be at least 2");
        AtLeastOne(PatchSize, nameof(PatchSize));
        AtLeastOne(PatchWidth, nameof(PatchWidth));
        AtLeastOne(DModel, nameof(DModel));
        OptionsException.Require(DFfn >= 2, nameof(DFfn), DFfn, "must be at least 2");
        OptionsException.Require(GateForm != GateForm.MultiplicativeSplit || DFfn % 2 == 0, nameof(DFfn), DFfn, "must be even: the gate splits the channels in two halves");
        AtLeastOne(Layers, nameof(Layers));
        AtLeastOne(DAttention, nameof(DAttention));
        OptionsException.Require(SurvivalProbability is > 0 and <= 1, nameof(SurvivalProbability), SurvivalProbability, "must be above 0 and at most 1");
        OptionsException.Require(BlockNormEps > 0, nameof(BlockNormEps), BlockNormEps, "must be above 0");
        OptionsException.Require(SguNormEps > 0, nameof(SguNormEps), SguNormEps, "must be above 0");
        OptionsException.Require(SpatialInitStd is null or >= 0, nameof(SpatialInitStd), SpatialInitStd, "must not be negative");
        OptionsException.Require(ImageHeight is not int height || height % PatchSize == 0, nameof(ImageHeight), ImageHeight, $"must be a multiple of the patch height {PatchSize}");
        OptionsException.Require(ImageWidth is not int width || width % (PatchWidth ?? PatchSize) == 0, nameof(ImageWidth), ImageWidth, $"must be a multiple of the patch width {PatchWidth ?? PatchSize}");
        Standardization.Validate(InputMean, InputStd, Channels, "channel");
    }

    private static void AtLeastOne(int? value, string option) =>
        OptionsException.Require(value is null or >= 1, option, value, "must be at least 1");
}
