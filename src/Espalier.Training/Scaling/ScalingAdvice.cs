using System.Globalization;
using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;

namespace Espalier.Training.Scaling;

/// <summary>
/// Where the scaling rules stop holding for a change of batch size. They are first-order statements about small steps whose
/// gradients are mostly noise (Busbridge et al. 2023, section 2.2; Malladi et al. 2022): a step must stay short against the
/// average's memory, the batch below the gradient noise scale, the rate within stability.
/// </summary>
public static class ScalingAdvice
{
    /// <summary>What speaks against a batch size.</summary>
    /// <param name="options">The training; its base batch is that of the other values.</param>
    /// <param name="batchSize">The batch size to go to, at least 1.</param>
    /// <param name="epochSize">Number of training samples.</param>
    /// <param name="estimate">What was measured, or null where nothing was.</param>
    /// <returns>Nothing where the rules can be expected to hold.</returns>
    /// <exception cref="OptionsException">A linear form leaves its range at this κ; the message names the largest legal one.</exception>
    public static IReadOnlyList<ScalingWarning> For(TrainerOptions options, int batchSize, long epochSize, ScalingEstimate? estimate = null)
    {
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        double kappa = (double)batchSize / options.EffectiveBase;
        var rule = new ScalingRule(options.Optimizer.Kind, options.Scaling);
        Hyperparameters scaled = rule.At(options.Optimizer.BaseHyperparameters, kappa);
        var warnings = new List<ScalingWarning>();
        if (batchSize > epochSize)
            warnings.Add(new("batchSize", Text($"a batch of {batchSize} is larger than the {epochSize} training samples: the trainer refuses it"), batchSize, epochSize));
        if (options.Ema is { Kind: EmaKind.Exponential } ema)
            Average(options, ema, rule, batchSize, kappa, epochSize, warnings);
        if (estimate is not null && batchSize > estimate.NoiseScale)
        {
            string already = options.EffectiveBase > estimate.NoiseScale ? "; so does the base batch" : "";
            warnings.Add(new("noiseScale", Text($"a batch of {batchSize} exceeds the gradient noise scale of about {estimate.NoiseScale:0} samples{already}: gradients are no longer mostly noise, and rates scaled for noise overshoot"), batchSize, estimate.NoiseScale));
        }

        if (options.Optimizer.Kind == OptimizerKind.Sgd && estimate?.LargestCurvature is { } curvature)
        {
            double product = scaled.LearningRate * curvature;
            double limit = 2 * (1 + scaled.Momentum);
            if (product > limit)
                warnings.Add(new("stability", Text($"learning rate {scaled.LearningRate:0.####} times the largest curvature {curvature:0.##} is {product:0.##}, above 2(1+μ) = {limit:0.##}: the weights oscillate and grow along that direction"), product, limit));
        }

        Unproven(options, scaled, kappa, warnings);
        return warnings;
    }

    /// <summary>What stays as it is, counted in samples, and the number of steps, which changes.</summary>
    /// <param name="options">The training.</param>
    /// <param name="batchSize">The batch size to go to, at least 1.</param>
    /// <param name="epochSize">Number of training samples.</param>
    public static IReadOnlyList<ScaledValue> Kept(TrainerOptions options, int batchSize, long epochSize)
    {
        int baseBatch = options.EffectiveBase;
        long Samples(Duration duration) => duration.ToSamples(baseBatch, epochSize);
        long length = Samples(options.Length);
        var kept = new List<ScaledValue> { Same("length (samples)", length, "lengths count samples") };
        if (!options.Schedule.Warmup.IsZero)
            kept.Add(Same("schedule.warmup (samples)", Samples(options.Schedule.Warmup), "the schedule is a function of the samples seen"));
        if (options.Ema is { Kind: EmaKind.Exponential } ema && options.Scaling.Ema != EmaScaling.None)
        {
            double rho = ema.BaseMomentum(baseBatch, epochSize);
            if (rho is > 0 and < 1)
                kept.Add(Same("ema half-life (samples)", baseBatch * Math.Log(2) / -Math.Log(rho), "B·ln 2 / -ln ρ"));
            if (!ema.StartAfter.IsZero)
                kept.Add(Same("ema.startAfter (samples)", Samples(ema.StartAfter), "counts samples"));
        }

        if (options.Monitor?.Patience is { } patience)
            kept.Add(Same("monitor.patience (samples)", Samples(patience), "counts samples"));
        kept.Add(new("steps", Math.Ceiling((double)length / baseBatch), Math.Ceiling((double)length / batchSize), "the samples over the batch"));
        return kept;
    }

    private static void Average(TrainerOptions options, EmaOptions ema, ScalingRule rule, int batchSize, double kappa, long epochSize, List<ScalingWarning> warnings)
    {
        double rho = ema.BaseMomentum(options.EffectiveBase, epochSize);
        double scaled = rule.EmaMomentum(rho, kappa);
        if (options.Scaling.Ema == EmaScaling.None || scaled >= 0.5)
            return;
        double halfLife = rho == 0 ? 0 : options.EffectiveBase * Math.Log(2) / -Math.Log(rho);
        warnings.Add(new("emaHalfLife", Text($"EMA momentum {scaled:0.####} is below 1/2: the half-life of {halfLife:0} samples is shorter than one step of {batchSize}, and the average is little more than the last weights"), scaled, 0.5));
    }

    private static void Unproven(TrainerOptions options, Hyperparameters scaled, double kappa, List<ScalingWarning> warnings)
    {
        if (kappa == 1)
            return;
        if (options.ClipNorm is { } clip)
            warnings.Add(new("clipping", Text($"gradients are clipped at {clip:0.###}: the norm of a mean gradient falls with the batch, so another share of the steps is clipped; no proof covers it"), clip));
        switch (options.Optimizer.Kind)
        {
            case OptimizerKind.Lars:
                warnings.Add(new("lars", "LARS divides each layer's gradient by its norm, noise included: how far a step goes no longer depends on the noise, and the linear rule is a convention without a proof"));
                break;
            case OptimizerKind.Lamb:
                warnings.Add(new("lamb", "LAMB gives each layer a step as long as its weights allow, whatever the noise: the square-root rule is a convention without a proof"));
                break;
            case OptimizerKind.Adam or OptimizerKind.AdamW or OptimizerKind.RmsProp when scaled.Beta2 < 0.5:
                warnings.Add(new("signLike", Text($"beta2 {scaled.Beta2:0.####} is below 1/2: the second moment forgets more than half at each step, which makes the step nearly the gradient's sign; no proof covers it"), scaled.Beta2, 0.5));
                break;
        }
    }

    private static ScaledValue Same(string name, double value, string reason) => new(name, value, value, reason);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
