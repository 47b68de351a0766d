using Espalier.Errors;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// What gMLP's blocks look like, for images and text alike. The defaults are gMLP-Ti of Liu et al., "Pay Attention to
/// MLPs" (NeurIPS 2021, arXiv:2105.08050), Table 1.
/// </summary>
public abstract record GmlpOptions
{
    /// <summary>Channels d of a token between the blocks.</summary>
    public int DModel { get; init; } = 128;

    /// <summary>Channels e of a token inside a block, before the gate; even where the gate splits them.</summary>
    public int DFfn { get; init; } = 768;

    /// <summary>Number of blocks L.</summary>
    public int Layers { get; init; } = 30;

    /// <summary>How the matrices that mix tokens are stored.</summary>
    public SpatialForm SpatialForm { get; init; } = SpatialForm.Dense;

    /// <summary>Number k of spatial matrices: the gate's channels are cut in k groups, each with a W and beta of its own.</summary>
    public int SpatialHeads { get; init; } = 1;

    /// <summary>Whether one beta stands for all positions; with Toeplitz matrices a causal model can then go on for ever (streaming).</summary>
    public bool SharedBias { get; init; }

    /// <summary>Whether a token may only look at itself and the tokens before it, in row-major order.</summary>
    public bool Causal { get; init; }

    /// <summary>The gate; all but the default exist for the ablation of Table 3.</summary>
    public GateForm GateForm { get; init; } = GateForm.MultiplicativeSplit;

    /// <summary>What the gate passes through before it multiplies; the paper has nothing there.</summary>
    public GateActivation GateActivation { get; init; }

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
    /// Standard deviation of W at the start. Where null, W starts near zero, so that a block does not mix tokens yet:
    /// N(0, 1e-6²) for images as timm has it, U(±1e-3/n) for text; for the gate forms <see cref="GateForm.Linear"/> and
    /// <see cref="GateForm.Additive"/> N(0, 0.02²), since near zero they would be constant.
    /// </summary>
    public double? SpatialInitStd { get; init; }

    /// <summary>
    /// Whether a block keeps only its input for the backward pass and computes the rest again: a training step needs a
    /// fraction of the memory and about a third more time (Chen et al. 2016).
    /// </summary>
    public bool GradientCheckpointing { get; init; }

    /// <summary>The probability that block l drops a sample's residual branch in a training step.</summary>
    internal double DropProbability(int layer)
    {
        double drop = 1 - SurvivalProbability;
        return DropPathMode == DropPathMode.Constant || Layers == 1 ? drop : drop * layer / (Layers - 1);
    }

    /// <summary>Multiply-adds of a block's matrix products for one input: d·e·n + n²·h + h·d·n, and tiny attention's.</summary>
    internal long BlockMultiplyAdds(long n)
    {
        (long d, long e, long h, long a) = (DModel, DFfn, GateChannels, DAttention ?? 0);
        return n * d * e + n * n * h + n * h * d + n * d * 3 * a + 2 * n * n * a + n * a * h;
    }

    /// <summary>Checks the options of the blocks.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    protected internal void ValidateBlocks()
    {
        AtLeastOne(DModel, nameof(DModel));
        OptionsException.Require(DFfn >= 2, nameof(DFfn), DFfn, "must be at least 2");
        OptionsException.Require(GateForm != GateForm.MultiplicativeSplit || DFfn % 2 == 0, nameof(DFfn), DFfn, "must be even: the gate splits the channels in two halves");
        AtLeastOne(Layers, nameof(Layers));
        NetworkSize.Require(DFfn > DModel ? nameof(DFfn) : nameof(DModel), Math.Max(DFfn, DModel), Layers, 1.5 * DModel * (double)DFfn);
        AtLeastOne(SpatialHeads, nameof(SpatialHeads));
        OptionsException.Require(GateChannels % SpatialHeads == 0, nameof(SpatialHeads), SpatialHeads, $"must divide the {GateChannels} channels of the gate");
        AtLeastOne(DAttention, nameof(DAttention));
        OptionsException.Require(SurvivalProbability is > 0 and <= 1, nameof(SurvivalProbability), SurvivalProbability, "must be above 0 and at most 1");
        OptionsException.Require(BlockNormEps > 0, nameof(BlockNormEps), BlockNormEps, "must be above 0");
        OptionsException.Require(SguNormEps > 0, nameof(SguNormEps), SguNormEps, "must be above 0");
        OptionsException.Require(SpatialInitStd is null or >= 0, nameof(SpatialInitStd), SpatialInitStd, "must not be negative");
    }

    /// <summary>Channels h of the gate: half of e where it splits them.</summary>
    internal int GateChannels => GateForm == GateForm.MultiplicativeSplit ? DFfn / 2 : DFfn;

    private protected static void AtLeastOne(int? value, string option) =>
        OptionsException.Require(value is null or >= 1, option, value, "must be at least 1");
}
