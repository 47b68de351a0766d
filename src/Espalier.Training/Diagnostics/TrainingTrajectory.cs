using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Training.Diagnostics;

/// <summary>
/// The path of a training: weights, averaged weights and validation numbers at chosen sample counts. One that is compared
/// with another as it is recorded keeps no weights of its own.
/// </summary>
public sealed class TrainingTrajectory : IDisposable
{
    private readonly SortedDictionary<long, (Tensor Weights, Tensor? Average)> _kept = [];
    private readonly SortedDictionary<long, IReadOnlyDictionary<string, double>> _evaluations = [];
    private readonly TrajectoryOptions _points;
    private readonly TrainingTrajectory? _reference;
    private Tensor? _initial;
    private (double Sum, double AverageSum, double Moved, double AverageMoved) _distance;
    private int _common;
    private bool _hasAverage;

    private TrainingTrajectory(TrajectoryOptions points, TrainingTrajectory? reference) => (_points, _reference) = (points, reference);

    /// <summary>The sample counts whose weights were kept or compared.</summary>
    public IReadOnlyList<long> Points { get; private set; } = [];

    /// <summary>Validation numbers by samples seen.</summary>
    public IReadOnlyDictionary<long, IReadOnlyDictionary<string, double>> Evaluations => _evaluations;

    /// <summary>Mean training loss of each step, with the samples seen after it.</summary>
    public IReadOnlyList<(long Samples, double Loss)> Losses { get; private set; } = [];

    /// <summary>Why the training ended before its time, or null where it did not.</summary>
    public TrainingDivergedException? Divergence { get; private set; }

    /// <summary>How far it leaves the training that it was compared with; null without one.</summary>
    public TrainingDeparture? Departure { get; private set; }

    /// <summary>Trains, and keeps the path.</summary>
    /// <param name="options">The training. Stopping early is left out: it would end the paths at different points.</param>
    /// <param name="objectives">Makes the objective anew, with the same initial weights at every call.</param>
    /// <param name="train">Training data.</param>
    /// <param name="validation">What is evaluated; nothing where null.</param>
    /// <param name="points">Which points are kept.</param>
    /// <param name="reference">The path that this one is compared with at common sample counts; its weights are kept where null.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>The path; a training that diverges ends it and is no error.</returns>
    /// <exception cref="OptionsException">A value is out of range, or the two have no point in common.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static TrainingTrajectory Record<TBatch>(
        TrainerOptions options,
        Func<OwnedObjective<TBatch>> objectives,
        ISampleSource<TBatch> train,
        ISampleSource<TBatch>? validation,
        TrajectoryOptions points,
        TrainingTrajectory? reference = null,
        CancellationToken cancellationToken = default)
        where TBatch : IBatch
    {
        points.Validate();
        var trajectory = new TrainingTrajectory(points, reference);
        try
        {
            trajectory.Run(options, objectives, train, validation, cancellationToken);
            return trajectory;
        }
        catch
        {
            trajectory.Dispose();
            throw;
        }
    }

    /// <summary>The validation number over the samples seen, for a chart.</summary>
    /// <param name="metric">Its name, such as <c>ema.accuracy</c>.</param>
    public IReadOnlyList<(double Samples, double Value)> Curve(string metric) =>
        [.. _evaluations.Where(e => e.Value.ContainsKey(metric)).Select(e => ((double)e.Key, e.Value[metric]))];

    /// <inheritdoc/>
    public void Dispose()
    {
        _initial?.Dispose();
        foreach ((Tensor weights, Tensor? average) in _kept.Values)
        {
            weights.Dispose();
            average?.Dispose();
        }

        _kept.Clear();
    }

    private void Run<TBatch>(TrainerOptions options, Func<OwnedObjective<TBatch>> objectives, ISampleSource<TBatch> train, ISampleSource<TBatch>? validation, CancellationToken cancellationToken)
        where TBatch : IBatch
    {
        using OwnedObjective<TBatch> owned = objectives();
        using (var initial = new FlatParameters(owned.Objective))
            _initial = initial.Values.clone().DetachFromDisposeScope();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var seen = new List<long>();
        var losses = new List<(long, double)>();
        var trainer = new Trainer(options with
        {
            Monitor = null,
            EvaluateEvery = Duration.Samples(_points.EvaluateEvery ?? _points.Samples),
        });
        var progress = new Progress(p =>
        {
            losses.Add((p.State.SamplesSeen, p.Loss));
            if (p.Evaluation is not null)
                _evaluations[p.State.SamplesSeen] = p.Evaluation;
        });
        try
        {
            trainer.Fit(owned.Objective, train, new() { Validation = validation, Progress = progress, Observer = Look }, stop.Token).Dispose();
        }
        catch (TrainingDivergedException error)
        {
            Divergence = error;
        }

        cancellationToken.ThrowIfCancellationRequested();
        (Points, Losses) = (seen, losses);
        if (_reference is not null)
            Departure = Compare(_reference);

        void Look(TrainingSnapshot snapshot)
        {
            long samples = snapshot.State.SamplesSeen;
            if (samples == _points.From)
                StartFrom(snapshot.Weights);
            bool isLast = samples >= Math.Min(_points.Samples, snapshot.State.TotalSamples);
            if ((samples % _points.Every == 0 || isLast) && samples > _points.From && Take(snapshot))
                seen.Add(samples);
            if (samples >= _points.Samples)
                stop.Cancel();
        }
    }

    private bool Take(TrainingSnapshot snapshot)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long samples = snapshot.State.SamplesSeen;
        _hasAverage |= snapshot.Average is not null;
        if (_reference is null)
        {
            _kept[samples] = (snapshot.Weights.clone().DetachFromDisposeScope(), snapshot.Average?.clone().DetachFromDisposeScope());
            return true;
        }

        if (!_reference._kept.TryGetValue(samples, out (Tensor Weights, Tensor? Average) other))
            return false;
        _common++;
        _distance.Sum += Distance(snapshot.Weights, other.Weights);
        _distance.Moved += Distance(other.Weights, _reference._initial!);
        if (snapshot.Average is not null && other.Average is not null)
        {
            _distance.AverageSum += Distance(snapshot.Average, other.Average);
            _distance.AverageMoved += Distance(other.Average, _reference._initial!);
        }

        return true;
    }

    private void StartFrom(Tensor weights)
    {
        using var noGradients = torch.no_grad();
        _initial!.copy_(weights);
    }

    private TrainingDeparture Compare(TrainingTrajectory reference)
    {
        OptionsException.Require(_common > 0 || Divergence is not null, "batchSize", _points.Every,
            "the two trainings have no sample count in common at which a step ends: choose a batch size that is a multiple of the base batch, or more samples");
        var worst = new Dictionary<string, double>();
        var final = new Dictionary<string, double>();
        foreach ((long samples, IReadOnlyDictionary<string, double> numbers) in _evaluations)
        {
            if (!reference._evaluations.TryGetValue(samples, out IReadOnlyDictionary<string, double>? others))
                continue;
            foreach ((string name, double value) in numbers.Where(n => others.ContainsKey(n.Key)))
            {
                worst[name] = Math.Max(worst.GetValueOrDefault(name), Math.Abs(value - others[name]));
                final[name] = value - others[name];
            }
        }

        bool diverged = Divergence is not null;
        double? average = _hasAverage && reference._hasAverage ? Relative(_distance.AverageSum, _distance.AverageMoved, diverged) : null;
        return new TrainingDeparture(Relative(_distance.Sum, _distance.Moved, diverged), average, worst, final)
        {
            WeightDistance = diverged ? double.PositiveInfinity : _distance.Sum / _common,
            WeightMovement = _common == 0 ? 0 : _distance.Moved / _common,
            AverageMovement = _common == 0 ? 0 : _distance.AverageMoved / _common,
        };
    }

    private static double Relative(double distance, double moved, bool diverged) => diverged || !double.IsFinite(distance) ? double.PositiveInfinity
        : distance == 0 ? 0
        : distance / moved;

    private static double Distance(Tensor a, Tensor b) => (a - b).norm().ToDouble();

    private sealed class Progress(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
