using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Training.Diagnostics;

/// <summary>
/// Measures what a change of the batch size does to a training: the base training and the scaled one on the same sample
/// stream, and beside them the base training with another data order, which shows what chance alone does.
/// </summary>
public static class BatchInvariance
{
    /// <summary>Runs the three trainings and compares them.</summary>
    /// <param name="baseline">The training at its base batch.</param>
    /// <param name="scaled">The same training at another batch size; its seed must be the base training's.</param>
    /// <param name="objectives">Makes the objective anew, with the same initial weights at every call.</param>
    /// <param name="train">Training data.</param>
    /// <param name="validation">What is evaluated at the compared points; nothing where null.</param>
    /// <param name="options">How to measure; the defaults where null.</param>
    /// <param name="report">Told in a few words what is under way.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="OptionsException">A value is out of range, or the trainings have no sample count in common.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static BatchInvarianceReport Measure<TBatch>(
        TrainerOptions baseline,
        TrainerOptions scaled,
        Func<OwnedObjective<TBatch>> objectives,
        ISampleSource<TBatch> train,
        ISampleSource<TBatch>? validation = null,
        BatchInvarianceOptions? options = null,
        Action<string>? report = null,
        CancellationToken cancellationToken = default)
        where TBatch : IBatch
    {
        options ??= new BatchInvarianceOptions();
        options.Validate();
        baseline.ValidateFor(train.Count);
        scaled.ValidateFor(train.Count);
        OptionsException.Require(scaled.Seed == baseline.Seed && scaled.OrderSeed == baseline.OrderSeed, "seed", scaled.Seed, "must be that of the base training: both see one sample stream");
        long length = Math.Min(options.Samples, Math.Min(Total(baseline, train), Total(scaled, train)));
        long common = LeastCommonMultiple(baseline.BatchSize, scaled.BatchSize);
        OptionsException.Require(common <= length, "batchSize", scaled.BatchSize,
            $"meets the base batch of {baseline.BatchSize} first after {common} samples, beyond the {length} that are trained: choose a multiple of the base batch, or more samples");

        // Whole steps of both, and not more points than fit.
        length -= length % common;
        long most = Math.Clamp(options.MostMemory / Bytes(objectives, baseline.Ema is null ? 1 : 2), 2, options.MostSnapshots);
        long every = common * ((length / common + most - 1) / most);
        var points = new TrajectoryOptions { Samples = length, Every = every, EvaluateEvery = every };
        report?.Invoke($"base batch {baseline.BatchSize}, {length} samples");
        using TrainingTrajectory ground = TrainingTrajectory.Record(baseline, objectives, train, validation, points, null, cancellationToken);
        if (ground.Divergence is { } diverged)
            throw diverged;
        report?.Invoke("base batch, another data order");
        int order = options.OtherOrder ?? unchecked(((baseline.OrderSeed ?? baseline.Seed) * 31) + 1_000_003);
        using TrainingTrajectory other = TrainingTrajectory.Record(baseline with { OrderSeed = order }, objectives, train, validation, points, ground, cancellationToken);
        report?.Invoke($"batch {scaled.BatchSize}");
        using TrainingTrajectory large = TrainingTrajectory.Record(scaled, objectives, train, validation, points, ground, cancellationToken);
        return new BatchInvarianceReport(baseline.BatchSize, scaled.BatchSize, length, large.Points.Count, large.Departure!, other.Departure!, large.Divergence?.Message);
    }

    private static long Total<TBatch>(TrainerOptions options, ISampleSource<TBatch> train)
        where TBatch : IBatch => options.Length.ToSamples(options.EffectiveBase, train.Count);

    private static long Bytes<TBatch>(Func<OwnedObjective<TBatch>> objectives, int copies)
        where TBatch : IBatch
    {
        using OwnedObjective<TBatch> owned = objectives();
        return Math.Max(1, copies * owned.Objective.Model.parameters().Sum(p => p.numel() * p.ElementSize));
    }

    private static long LeastCommonMultiple(long a, long b)
    {
        (long x, long y) = (a, b);
        while (y != 0)
            (x, y) = (y, x % y);
        return a / x * b;
    }
}
