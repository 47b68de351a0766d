using System.Diagnostics;
using Espalier.Data;

namespace Espalier.Training;

/// <summary>One sitting of a training: the state that <see cref="Trainer"/> moves from step to step.</summary>
internal sealed class TrainingSession : IDisposable
{
    private readonly TrainerOptions _options;
    private readonly Objective _objective;
    private readonly Dataset _train;
    private readonly Dataset? _validation;
    private readonly CheckpointFolder? _checkpoints;
    private readonly FlatParameters _parameters;
    private readonly Optimizer _optimizer;
    private readonly ModelEma? _ema;
    private readonly ScalingRule _rule;
    private readonly TrainingCheckpoint _checkpoint;
    private readonly Stopwatch _stepTime = new();
    private readonly long _totalSamples;
    private readonly long _warmupSamples;
    private readonly int _microBatch;
    private TimeSpan _earlierTime;
    private long _step;
    private long _samplesSeen;
    private double _loss = double.NaN;
    private double? _best;
    private long _bestSamples;
    private bool _hasCheckpoint;
    private bool _handedOver;

    public TrainingSession(TrainerOptions options, Objective objective, Dataset train, Dataset? validation, CheckpointFolder? checkpoints)
    {
        (_options, _objective, _train, _validation, _checkpoints) = (options, objective, train, validation, checkpoints);
        int baseBatch = options.EffectiveBase;
        _totalSamples = Math.Max(1, options.Length.ToSamples(baseBatch, train.Count));
        _warmupSamples = options.Schedule.Warmup.ToSamples(baseBatch, train.Count);
        _microBatch = options.MicroBatchSize ?? options.BatchSize;
        _parameters = new FlatParameters(objective.Model, objective.Decays);
        _optimizer = Optimizer.Create(options.Optimizer, _parameters);
        _rule = new ScalingRule(options.Optimizer.Kind, options.Scaling);
        _ema = options.Ema is null ? null : new ModelEma(objective.Model, _parameters, options.Ema, options.Scaling, baseBatch, train.Count);
        _checkpoint = new TrainingCheckpoint(objective.Model, _parameters, _optimizer, _ema, options);
    }

    private TrainingState State => new(_step, _samplesSeen, _totalSamples, _train.Count);

    private TimeSpan TrainingTime => _earlierTime + _stepTime.Elapsed;

    public void Resume(string path)
    {
        TrainingCheckpoint.Counters counters = _checkpoint.Load(path);
        _step = counters.Step;
        _samplesSeen = counters.SamplesSeen;
        _loss = counters.Loss;
        _best = counters.Best;
        _bestSamples = counters.BestSamples;
        _earlierTime = TimeSpan.FromSeconds(counters.TrainingSeconds);
        _hasCheckpoint = true;
    }

    public TrainingResult Run(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        TrainingOutcome outcome = TrainingOutcome.Completed;
        var stream = new SampleStream(_train.Count, _options.Seed);
        using var loader = new PrefetchingLoader(_train, MicroBatches(stream, _samplesSeen), ahead: 4);
        using IEnumerator<Batch> batches = loader.GetEnumerator();
        _objective.Model.train();
        while (_samplesSeen < _totalSamples)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                outcome = TrainingOutcome.Interrupted;
                break;
            }

            if (Exhausted())
            {
                outcome = TrainingOutcome.StoppedEarly;
                break;
            }

            long before = _samplesSeen;
            TrainingProgress report = Step(batches);
            IReadOnlyDictionary<string, double>? evaluation = null;
            if (IsDue(_options.EvaluateEvery, before))
                evaluation = Evaluate();
            if (IsDue(_options.CheckpointEvery, before))
                SaveLast();
            progress?.Report(report with { Evaluation = evaluation });
        }

        if (outcome == TrainingOutcome.Interrupted)
            SaveLast();
        else if (_options.Monitor is { RestoreBest: true } && _best is not null && File.Exists(_checkpoints?.Best))
            _checkpoint.LoadWeights(_checkpoints.Best);
        _objective.Model.eval();
        _handedOver = true;
        return new TrainingResult(outcome, State, _loss, TrainingTime, _ema, _best is { } best ? (best, _bestSamples) : null)
        {
            Parameters = _parameters,
        };
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        if (_handedOver)
            return;
        _ema?.Dispose();
        _parameters.Dispose();
    }

    private IEnumerable<IReadOnlyList<int>> MicroBatches(SampleStream stream, long position)
    {
        while (position < _totalSamples)
        {
            long end = Math.Min(position + _options.BatchSize, _totalSamples);
            while (position < end)
            {
                int n = (int)Math.Min(_microBatch, end - position);
                yield return stream.Take(position, n);
                position += n;
            }
        }
    }

    private TrainingProgress Step(IEnumerator<Batch> batches)
    {
        _stepTime.Start();
        using var scope = torch.NewDisposeScope();
        int samples = (int)Math.Min(_options.BatchSize, _totalSamples - _samplesSeen);
        _parameters.ZeroGradients();
        (double loss, double weight, double correct) = Accumulate(batches, samples);
        _loss = loss / weight;

        // Sum to mean and clipping in one pass over the gradients.
        double norm = _parameters.Gradients.norm().ToDouble() / weight;
        if (!double.IsFinite(norm))
            throw Diverged(1, norm);
        double scale = 1 / weight;
        if (_options.ClipNorm is { } limit && norm > limit)
            scale *= limit / norm;
        if (scale != 1)
            _parameters.Gradients.mul_(scale);

        double kappa = (double)samples / _options.EffectiveBase;
        double factor = _options.Schedule.Factor(_samplesSeen, _samplesSeen + samples, _warmupSamples, _totalSamples);
        Hyperparameters values = _options.Optimizer.BaseHyperparameters;
        values = _rule.At(values with { LearningRate = values.LearningRate * factor }, kappa);
        _ema?.BeforeStep(samples);
        _optimizer.Step(values);
        _ema?.Update(samples);
        _step++;
        _samplesSeen += samples;
        _objective.AfterOptimizerStep(State);
        _stepTime.Stop();

        double pace = _samplesSeen / Math.Max(1e-9, TrainingTime.TotalSeconds);
        return new TrainingProgress(State, _loss, correct / samples, values.LearningRate, norm, _ema?.LatestMomentum ?? double.NaN,
            pace, TimeSpan.FromSeconds((_totalSamples - _samplesSeen) / pace), null);
    }

    private (double Loss, double Weight, double Correct) Accumulate(IEnumerator<Batch> batches, int samples)
    {
        (double loss, double weight, double correct) = (0, 0, 0);
        int micro = 0;
        for (int done = 0; done < samples;)
        {
            using var scope = torch.NewDisposeScope();
            if (!batches.MoveNext())
                throw new InvalidOperationException("the loader ended before the training");
            using Batch batch = batches.Current;
            KeyedRandom.Seed(_options.Seed, _samplesSeen + done);
            LossSum part = _objective.Step(batch, State);
            double value = part.Sum.ToDouble();
            micro++;
            if (!double.IsFinite(value))
                throw Diverged(micro, value);
            part.Sum.backward();
            loss += value;
            weight += part.Weight;
            correct += part.Correct?.ToDouble() ?? double.NaN;
            done += batch.Count;
        }

        return (loss, weight, correct);
    }

    private TrainingDivergedException Diverged(int microBatch, double value) =>
        new(_step + 1, microBatch, _samplesSeen, value, _hasCheckpoint ? _checkpoints?.Last : null);

    /// <summary>Whether the step that ended here crossed a multiple of the interval, or is the last one.</summary>
    private bool IsDue(Duration interval, long before)
    {
        long every = Math.Max(1, interval.ToSamples(_options.EffectiveBase, _train.Count));
        return _samplesSeen >= _totalSamples || _samplesSeen / every > before / every;
    }

    private Dictionary<string, double>? Evaluate()
    {
        if (_validation is null)
            return null;
        _objective.Model.eval();
        var numbers = new Dictionary<string, double>(_objective.Evaluate(_validation));
        if (_ema is not null)
        {
            using IDisposable swap = _ema.Swap();
            foreach ((string name, double value) in _objective.Evaluate(_validation))
                numbers[$"ema.{name}"] = value;
        }

        _objective.Model.train();
        if (_options.Monitor is { } monitor)
            Watch(monitor, numbers);
        return numbers;
    }

    private void Watch(MonitorOptions monitor, Dictionary<string, double> numbers)
    {
        if (!numbers.TryGetValue(monitor.Metric, out double value))
            throw new OptionsException("monitor.metric", monitor.Metric, Suggestion.For(monitor.Metric, numbers.Keys));
        if (_best is { } best && !(monitor.Maximize ? value > best : value < best))
            return;
        _best = value;
        _bestSamples = _samplesSeen;
        if (_checkpoints is not null)
            _checkpoint.Save(_checkpoints.Best, Counters());
    }

    private bool Exhausted() => _options.Monitor?.Patience is { } patience && _best is not null
        && _samplesSeen - _bestSamples >= patience.ToSamples(_options.EffectiveBase, _train.Count);

    private void SaveLast()
    {
        if (_checkpoints is null || _step == 0)
            return;
        _checkpoint.Save(_checkpoints.Last, Counters());
        _hasCheckpoint = true;
    }

    private TrainingCheckpoint.Counters Counters() => new(
        _step, _samplesSeen, TrainingTime.TotalSeconds, _loss, _best, _bestSamples,
        _ema?.SamplesSeen ?? 0, _ema?.Pending.Samples ?? 0, _ema?.Pending.Steps ?? 0, new(_optimizer.Counters), _options);
}
