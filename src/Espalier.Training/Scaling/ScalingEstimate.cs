using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Training.Diagnostics;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;

namespace Espalier.Training.Scaling;

/// <summary>What <see cref="ScalingAdvice"/> needs to know about a training beside its options.</summary>
/// <param name="Samples">Samples trained on for it.</param>
/// <param name="NoiseScale">B_noise = tr Σ/|G|² in samples; infinite where noise hides the gradient, NaN where it was not measured.</param>
/// <param name="NoiseTrace">tr Σ, the trace of the per-sample gradient covariance.</param>
/// <param name="SignalSquared">|G|², the squared norm of the true gradient.</param>
/// <param name="LargestCurvature">λ_max of the Hessian at the end, or null where it was not asked for.</param>
/// <param name="Note">Why something is missing, or null.</param>
public sealed record ScalingEstimate(long Samples, double NoiseScale, double NoiseTrace, double SignalSquared, double? LargestCurvature, string? Note)
{
    private const long MostSamples = 20_000;
    private const int CurvatureSamples = 512;

    /// <summary>Trains at the base batch for one epoch, or 20,000 samples where that is less, and measures; the curvature only for SGD, which has a limit.</summary>
    /// <param name="baseline">The training at its base batch.</param>
    /// <param name="objectives">Makes the objective.</param>
    /// <param name="train">Training data.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="OptionsException">An option is out of range.</exception>
    /// <exception cref="TrainingDivergedException">Already the base training diverges.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static ScalingEstimate Measure<TBatch>(TrainerOptions baseline, Func<OwnedObjective<TBatch>> objectives, ISampleSource<TBatch> train, CancellationToken cancellationToken = default)
        where TBatch : IBatch
    {
        using OwnedObjective<TBatch> owned = objectives();
        long samples = Math.Min(MostSamples, train.Count);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        bool isCut = baseline.BatchSize > 1;
        var trainer = new Trainer(baseline with { Monitor = null, PostHoc = null, MeasureNoiseScale = isCut, EvaluateEvery = Duration.Epochs(1e6), BatchSchedule = [] });
        using TrainingResult result = trainer.Fit(owned.Objective, train, new() { Observer = Look }, stop.Token);
        cancellationToken.ThrowIfCancellationRequested();
        GradientNoiseScale? noise = result.NoiseScale is { } measured && !double.IsNaN(measured.Value) ? measured : null;
        string? note = noise is not null ? null
            : isCut ? "the gradient noise scale is not defined: the loss couples the samples of a batch"
            : "the gradient noise scale needs a base batch of at least 2";
        return new ScalingEstimate(result.State.SamplesSeen, noise?.Value ?? double.NaN, noise?.NoiseTrace ?? double.NaN, noise?.SignalSquared ?? double.NaN,
            baseline.Optimizer.Kind == OptimizerKind.Sgd ? Curvature(baseline, owned.Objective, result, train) : null, note);

        void Look(TrainingSnapshot snapshot)
        {
            if (snapshot.State.SamplesSeen >= samples)
                stop.Cancel();
        }
    }

    private static double Curvature<TBatch>(TrainerOptions options, Objective<TBatch> objective, TrainingResult result, ISampleSource<TBatch> train)
        where TBatch : IBatch
    {
        using var scope = torch.NewDisposeScope();
        ModuleModes.Train(objective.Model);
        SampleStream stream = SampleStream.Of(train, options.OrderSeed ?? options.Seed);
        int size = (int)Math.Min(train.Count, objective.CouplesSamples ? options.BatchSize : CurvatureSamples);
        int piece = objective.CouplesSamples ? size : Math.Min(size, options.MicroBatchSize ?? Math.Max(options.BatchSize, CurvatureSamples));
        var batches = new List<TBatch>();
        for (int start = 0; start + 1 < size; start += piece)
            batches.Add(objective.Prepare(train.Gather(stream.Take(start, Math.Min(piece, size - start)), start)));
        return Espalier.Training.Diagnostics.LargestCurvature.Of(objective, result.Parameters!, batches, result.State, options.Seed);
    }
}
