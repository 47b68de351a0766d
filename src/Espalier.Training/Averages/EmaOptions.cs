using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Training.Averages;

/// <summary>
/// The moving average of the weights: ζ ← ρζ + (1-ρ)θ after every optimizer step (Busbridge et al. 2023, Definition 1.1,
/// with θ taken after the step as nearly every library does), and its relatives.
/// </summary>
public sealed record EmaOptions
{
    /// <summary>Which mean it is.</summary>
    public EmaKind Kind { get; init; }

    /// <summary>ρ at the base batch, in [0, 1]; 0.999 where neither this nor <see cref="HalfLife"/> is given.</summary>
    public double? Momentum { get; init; }

    /// <summary>The stretch after which a weight's share has halved: ρ = 2^(-B/H), H in samples.</summary>
    public Duration? HalfLife { get; init; }

    /// <summary>For a power function: the width σ_rel of its profile relative to the length of training, in (0, 0.28).</summary>
    public double? SigmaRel { get; init; }

    /// <summary>How ρ moves over the training.</summary>
    public EmaSchedule Schedule { get; init; }

    /// <summary>Before this the EMA is a copy of the model.</summary>
    public Duration StartAfter { get; init; } = Duration.Zero;

    /// <summary>The rise of the momentum at the start.</summary>
    public EmaWarmup Warmup { get; init; }

    /// <summary>What happens to batch-norm statistics and other buffers.</summary>
    public EmaBuffers Buffers { get; init; }

    /// <summary>Updates happen every so many optimizer steps; the momentum covers the samples in between.</summary>
    public int UpdateEvery { get; init; } = 1;

    /// <summary>Parameters that are copied instead of averaged, by name; a <c>*</c> at the end stands for any rest.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range, or two exclude each other.</exception>
    public void Validate()
    {
        OptionsException.Require(Momentum is null or (>= 0 and <= 1), nameof(Momentum), Momentum, "must lie in [0, 1]");
        OptionsException.Require(Momentum is null || HalfLife is null, nameof(HalfLife), HalfLife, "excludes momentum: give one of them");
        OptionsException.Require(HalfLife is null or { Amount: > 0 }, nameof(HalfLife), HalfLife, "must be above 0");
        OptionsException.Require(UpdateEvery >= 1, nameof(UpdateEvery), UpdateEvery, "must be at least 1");
        OptionsException.Require(Kind == EmaKind.Exponential || (Momentum is null && HalfLife is null && Warmup == EmaWarmup.None && Schedule == EmaSchedule.Constant),
            nameof(Kind), Kind, "takes no momentum, half-life, warm-up or schedule: its weights follow from the samples seen");
        OptionsException.Require(SigmaRel is null || Kind == EmaKind.PowerFunction, nameof(SigmaRel), SigmaRel, "belongs to kind powerFunction");
        if (SigmaRel is { } sigma)
            PowerFunctionProfile.RequireSigma(nameof(SigmaRel), sigma);
        OptionsException.Require(Warmup != EmaWarmup.BiasCorrected || Schedule == EmaSchedule.Constant, nameof(Warmup), Warmup, "has a closed form for a constant momentum only");
    }

    /// <summary>ρ at the base batch.</summary>
    /// <param name="baseBatchSize">Samples per base step.</param>
    /// <param name="epochSize">Samples per epoch.</param>
    public double BaseMomentum(int baseBatchSize, long epochSize) => HalfLife is { } half
        ? Math.Pow(2, -baseBatchSize / (double)Math.Max(1, half.ToSamples(baseBatchSize, epochSize)))
        : Momentum ?? 0.999;

    /// <summary>Whether a parameter is copied instead of averaged.</summary>
    internal bool Excludes(string name) => Exclude.Any(e => e.EndsWith('*') ? name.StartsWith(e[..^1], StringComparison.Ordinal) : name == e);
}
