using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Espalier.Communication;
using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Training.Averages;
using Espalier.Training.Checkpoints;
using Espalier.Training.Diagnostics;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;

namespace Espalier.Training.Loop;

/// <summary>One sitting of a training: the state that <see cref="Trainer"/> moves from step to step.</summary>
internal sealed class TrainingSession<TBatch> : IDisposable
    where TBatch : IBatch
{
    private readonly TrainerOptions _options;
    private readonly Objective<TBatch> _objective;
    private readonly ISampleSource<TBatch> _train;
    private readonly ISampleSource<TBatch>? _validation;
    private readonly CheckpointFolder? _checkpoints;
    private readonly ICommunicator _ranks;
    private readonly FlatParameters _parameters;
    private readonly GroupOptimizer _optimizer;
    private readonly IReadOnlyList<Phase> _phases;
    private readonly ModelEma? _ema;
    private readonly PostHocAverages? _postHoc;
    private readonly NormalizationLayers _layers;
    private readonly List<string> _notes;
    private readonly GradientAccumulation<TBatch> _accumulation;
    private readonly GradientNoiseScale? _noiseScale;
    private readonly BatchPlan _plan;
    private readonly TrainingCheckpoint _checkpoint;
    private readonly Action<TrainingSnapshot>? _observer;
    private readonly Stopwatch _stepTime = new();
    private readonly long _totalSamples;
    private readonly long _warmupSamples;
    private TimeSpan _earlierTime;
    private long _step;
    private long _samplesSeen;
    private int _batchSize;
    private double _loss = double.NaN;
    private double? _best;
    private long _bestSamples;
    private bool _hasCheckpoint;
    private bool _stopAgreed;
    private bool _handedOver;

    public TrainingSession(TrainerOptions options, Objective<TBatch> objective, ISampleSource<TBatch> train, FitContext<TBatch> context, ICommunicator ranks)
    {
        (_options, _objective, _train, _ranks) = (options, objective, train, ranks);
        (_validation, _checkpoints, _observer) = (context.Validation, context.Checkpoints, context.Observer);
        int baseBatch = options.EffectiveBase;
        _totalSamples = Math.Max(1, options.Length.ToSamples(baseBatch, train.Count));
        _warmupSamples = options.Schedule.Warmup.ToSamples(baseBatch, train.Count);
        _phases = objective.Phases;
        Phase.Validate(_phases, objective.ParameterGroups);
        OptionsException.Require(!options.MeasureNoiseScale || _phases.Count == 1, "measureNoiseScale", true, $"does not go with {objective.GetType().Name}, whose steps have {_phases.Count} phases");
        _parameters = new FlatParameters(objective);
        _optimizer = new GroupOptimizer(options.Optimizer, _parameters);
        _ema = options.Ema is null ? null : new ModelEma(objective.Model, _parameters, options.Ema, options.Scaling, baseBatch, train.Count, _totalSamples);
        _postHoc = options.PostHoc is null ? null : new PostHocAverages(objective.Model, _parameters, options.PostHoc, baseBatch, train.Count);
        _noiseScale = options.MeasureNoiseScale ? new GradientNoiseScale(train.Count) : null;
        ModuleModes.Train(objective.Model);
        objective.Begin(new TrainingSetup(_ema, ranks, options, new(0, 0, _totalSamples, train.Count)));
        _layers = new NormalizationLayers(objective.Networks, options, ranks);
        _plan = new BatchPlan(options, train.Count, _totalSamples, ranks.Size, _layers.Any);
        RequireDecomposable();
        _batchSize = options.BatchSize;
        string? foreign = ForeignRandomness.In(objective);
        _accumulation = new GradientAccumulation<TBatch>(objective, options, _parameters, _layers, ranks,
            foreign is null ? GeneratorUse.None : ranks.Size == 1 ? GeneratorUse.Exclusive : GeneratorUse.Shared);
        _notes = [.. _layers.Notes];
        if (foreign is not null && ranks.Size > 1)
            _notes.Add($"{foreign} may draw from torch's default generator: with several ranks the training is reproducible only while nothing else of its process draws");
        _checkpoint = new TrainingCheckpoint(objective, train.Fingerprint, _parameters, _optimizer, _ema, _postHoc, options, _layers.HasGhostNorm);
        Agree();
    }

    private TrainingState State => new(_step, _samplesSeen, _totalSamples, _train.Count);

    private TimeSpan TrainingTime => _earlierTime + _stepTime.Elapsed;

    private bool Writes => _ranks.Rank == 0;

    public void Resume(string path)
    {
        RankAgreement.Require(_ranks, "checkpoint", TrainingCheckpoint.Fingerprint(path));
        TrainingCheckpoint.Counters counters = _checkpoint.Load(path);
        _step = counters.Step;
        _samplesSeen = counters.SamplesSeen;
        _batchSize = counters.BatchSize;
        _loss = counters.Loss;
        _best = counters.Best is { } best && !double.IsNaN(best) ? best : null;
        _bestSamples = counters.BestSamples;
        _earlierTime = TimeSpan.FromSeconds(counters.TrainingSeconds);
        _hasCheckpoint = true;
    }

    public TrainingResult Run(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        TrainingOutcome outcome = TrainingOutcome.Completed;
        using var loader = new PrefetchingLoader<TBatch>(_train.Name, Batches(_samplesSeen), ahead: 4);
        using IEnumerator<TBatch> batches = loader.GetEnumerator();
        while (_samplesSeen < _totalSamples)
        {
            if (_ranks.Size == 1 ? cancellationToken.IsCancellationRequested : _stopAgreed)
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
            TrainingProgress report = Step(batches, cancellationToken.IsCancellationRequested);
            IReadOnlyDictionary<string, double>? evaluation = null;
            if (IsDue(_options.EvaluateEvery, before))
                evaluation = Evaluate();

            // Reported before it is saved: resuming drops what was reported after the checkpoint, and cannot make up what was not.
            progress?.Report(report with { Evaluation = evaluation });
            if (_postHoc is not null && Writes && _checkpoints is not null && IsDue(_options.PostHoc!.StoreEvery, before))
                _postHoc.Store(_checkpoints.Averages);
            if (IsDue(_options.CheckpointEvery, before))
                SaveLast();
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
            NoiseScale = _noiseScale,
            Notes = _notes,
        };
    }

    public void Dispose()
    {
        _accumulation.Dispose();
        _layers.Dispose();
        _optimizer.Dispose();
        _postHoc?.Dispose();
        if (_handedOver)
            return;
        _ema?.Dispose();
        _parameters.Dispose();
    }

    /// <summary>This rank's micro-batches, gathered and prepared as they are enumerated.</summary>
    private IEnumerable<TBatch> Batches(long position)
    {
        SampleStream stream = SampleStream.Of(_train, _options.OrderSeed ?? _options.Seed);
        foreach (MicroBatch micro in _plan.Of(_ranks.Rank, position, _phases.Count, _objective is CoupledObjective<TBatch>))
            yield return _objective.Prepare(_train.Gather(stream.Take(micro.Position, micro.Count), micro.Position));
    }

    private void RequireDecomposable()
    {
        if (!_objective.CouplesSamples || _objective is CoupledObjective<TBatch>)
            return;
        int micro = _plan.MicroBatchSize(_options.LargestBatch);
        OptionsException.Require(micro >= _options.LargestBatch && _ranks.Size == 1, "microBatchSize", micro,
            $"cannot accumulate {_objective.GetType().Name}, whose loss couples the samples of a batch: give the batch in one piece, or write the loss as a CoupledObjective");
    }

    /// <summary>Refuses ranks that would train something else, and gives all of them the weights of the first.</summary>
    private void Agree()
    {
        if (_ranks.Size == 1)
            return;
        OptionsException.Require(_options.LargestBatch >= _ranks.Size, "batchSize", _options.BatchSize, $"must hold at least a sample for each of the {_ranks.Size} ranks");
        int last = _plan.StepAt((_totalSamples - 1) / _options.BatchSize * _options.BatchSize).Samples;
        OptionsException.Require(_options.BatchNorm != BatchNormMode.Synchronized || last >= _ranks.Size, "length", _options.Length,
            $"ends with a step of {last} samples, fewer than the {_ranks.Size} ranks that batchNorm synchronized needs: choose a length that is a multiple of the batch");
        RankAgreement.Require(_ranks, "options", JsonSerializer.Serialize(_options, TrainingJson.Options));
        RankAgreement.Require(_ranks, "data", string.Create(CultureInfo.InvariantCulture, $"{_train.Name}, {_train.Count} samples, checksum {_train.Fingerprint}"));
        RankAgreement.Require(_ranks, "model", string.Join("; ", _parameters.Slices.Select(s => $"{s.Name} [{string.Join(", ", s.Shape)}]")));
        using var noGradients = torch.no_grad();
        Broadcast(_parameters.Values);
        foreach (torch.nn.Module network in _objective.Networks)
        {
            foreach ((string _, Tensor buffer) in network.named_buffers())
                Broadcast(buffer);
        }

        foreach ((string _, Tensor state) in _objective.State)
            Broadcast(state);
        _ema?.CopyFromModel();
    }

    private void Broadcast(Tensor tensor)
    {
        using Tensor host = tensor.to(tensor.is_floating_point() ? tensor.dtype : torch.int64).cpu().contiguous();
        _ranks.Broadcast(host);
        tensor.copy_(host);
    }

    private TrainingProgress Step(IEnumerator<TBatch> batches, bool stop)
    {
        _stepTime.Start();
        using var scope = torch.NewDisposeScope();
        StepPlan plan = _plan.StepAt(_samplesSeen);
        if (plan.BatchSize != _batchSize)
        {
            if (_options.Scaling.TransferMoments)
                _optimizer.BatchChanged((double)plan.BatchSize / _batchSize);
            _batchSize = plan.BatchSize;
        }

        double kappa = (double)plan.Samples / _options.EffectiveBase;
        StepOutcome outcome = default;
        using Tensor? home = _phases.Any(p => p.Ascent is not null) ? _parameters.Values.clone() : null;
        bool isAway = false;
        for (int phase = 0; phase < _phases.Count; phase++)
        {
            bool isLast = phase == _phases.Count - 1;
            outcome = Gradient(_phases[phase], plan, batches, State with { Phase = phase }, stop, kappa);
            if (_phases[phase].Ascent is { } radius)
            {
                Ascend(radius, outcome.Norm);
                isAway = true;
                continue;
            }

            if (isAway)
            {
                using var noGradients = torch.no_grad();
                _parameters.Values.copy_(home!);
                isAway = false;
            }

            if (isLast)
                _ema?.BeforeStep(plan.Samples);
            if (!outcome.IsEmpty)
                _optimizer.Step(_phases[phase], o => Values(o, plan, kappa));
            if (!isLast && home is not null)
                home.copy_(_parameters.Values);
        }

        _ema?.Update(plan.Samples);
        _postHoc?.Update(plan.Samples);
        _step++;
        _samplesSeen += plan.Samples;
        if (_ranks.Size > 1 && _objective.StepSums is { } objectiveSums)
            _ranks.Sum(objectiveSums);
        _objective.AfterOptimizerStep(State);
        _stepTime.Stop();
        _observer?.Invoke(new TrainingSnapshot(State, _parameters.Values, _ema?.Weights));

        double pace = _samplesSeen / Math.Max(1e-9, TrainingTime.TotalSeconds);
        return new TrainingProgress(State, _loss, outcome.Correct / plan.Samples, outcome.LearningRate, outcome.Norm, _ema?.LatestMomentum ?? double.NaN,
            pace, TimeSpan.FromSeconds((_totalSamples - _samplesSeen) / pace), null)
        {
            BatchSize = plan.BatchSize,
            NoiseScale = _noiseScale?.Value ?? double.NaN,
        };
    }

    /// <summary>The mean gradient of a phase, clipped, in the gradient buffer.</summary>
    private StepOutcome Gradient(Phase phase, StepPlan plan, IEnumerator<TBatch> batches, TrainingState state, bool stop, double kappa)
    {
        StepSums sums = _accumulation.Run(plan, batches, state, stop);
        _stopAgreed = sums.Stop;
        if (sums.Diverged > 0)
            throw Diverged(sums.Diverged, sums.Loss, kappa);

        // A step that chanced upon nothing to learn from, such as no hidden token, leaves the weights alone.
        bool isEmpty = sums.Weight == 0;
        double weight = isEmpty ? 1 : sums.Weight;
        _loss = isEmpty ? _loss : sums.Loss / weight;
        foreach (ParameterSection section in _parameters.Sections.Where(s => !phase.Trains(s.Name)))
            section.Parameters.ZeroGradients();
        _objective.BeforeOptimizerStep(_parameters, state);

        // Sum to mean and clipping in one pass over the gradients.
        double norm = _parameters.Gradients.norm().ToDouble() / weight;
        if (!double.IsFinite(norm))
            throw Diverged(1, norm, kappa);
        if (sums.Small.Count > 0)
            _noiseScale?.Add(sums.Small.SquaredNorm / sums.Small.Count, sums.Small.Count / sums.Small.InverseSize, norm * norm, weight);
        double scale = 1 / weight;
        if (phase.Ascent is null && _options.ClipNorm is { } limit && norm > limit)
            scale *= limit / norm;
        if (scale != 1)
            _parameters.Gradients.mul_(scale);
        return new StepOutcome(isEmpty, norm, sums.Correct, Values(_options.Optimizer, plan, kappa).LearningRate);
    }

    /// <summary>The hyper-parameters of an optimizer at a step: scheduled, and rescaled by κ.</summary>
    private Hyperparameters Values(OptimizerOptions options, StepPlan plan, double kappa)
    {
        double factor = _options.Schedule.Factor(_samplesSeen, _samplesSeen + plan.Samples, _warmupSamples, _totalSamples);
        Hyperparameters values = options.BaseHyperparameters;
        return new ScalingRule(options.Kind, _options.Scaling).At(values with
        {
            LearningRate = values.LearningRate * factor,
            WeightDecay = options.WeightDecayAt((double)_samplesSeen / _totalSamples),
        }, kappa);
    }

    // To where the loss is greatest in a ball around the weights, to first order.
    private void Ascend(double radius, double norm)
    {
        if (norm == 0)
            return;
        using var noGradients = torch.no_grad();
        _parameters.Values.add_(_parameters.Gradients, alpha: radius / norm);
    }

    private TrainingDivergedException Diverged(int microBatch, double value, double kappa)
    {
        string? suspicion = _noiseScale?.Value is { } noise && _batchSize > noise
            ? string.Create(CultureInfo.InvariantCulture, $"the batch of {_batchSize} (kappa {kappa:0.##}) exceeds the gradient noise scale of about {noise:0} samples, where scaling rules stop holding")
            : kappa > 1 ? string.Create(CultureInfo.InvariantCulture, $"the batch is {kappa:0.##} times the base batch, and the rate was scaled with it") : null;
        return new(_step + 1, microBatch, _samplesSeen, value, _hasCheckpoint ? _checkpoints?.Last : null, suspicion);
    }

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
        Dictionary<string, double> numbers = Writes ? EvaluateHere(_validation) : [];
        if (_ranks.Size > 1)
            numbers = JsonSerializer.Deserialize<Dictionary<string, double>>(_ranks.Gather(JsonSerializer.SerializeToUtf8Bytes(numbers, TrainingJson.Options))[0], TrainingJson.Options)!;
        if (_options.Monitor is { } monitor)
            Watch(monitor, numbers);
        return numbers;
    }

    private Dictionary<string, double> EvaluateHere(ISampleSource<TBatch> validation)
    {
        var context = new EvaluationContext(State, CancellationToken.None);
        using var modes = ModuleModes.Evaluate(_objective.Model);
        var numbers = new Dictionary<string, double>(_objective.Evaluate(validation, context));
        if (_ema is not null)
        {
            using IDisposable swap = _ema.Swap();
            foreach ((string name, double value) in _objective.Evaluate(validation, context))
                numbers[$"ema.{name}"] = value;
        }

        return numbers;
    }

    private void Watch(MonitorOptions monitor, Dictionary<string, double> numbers)
    {
        if (!numbers.TryGetValue(monitor.Metric, out double value))
            throw new OptionsException("monitor.metric", monitor.Metric, Suggestion.For(monitor.Metric, numbers.Keys));
        if (double.IsNaN(value) || (_best is { } best && !(monitor.Maximize ? value > best : value < best)))
            return;
        _best = value;
        _bestSamples = _samplesSeen;
        if (_checkpoints is not null && Writes)
            _checkpoint.Save(_checkpoints.Best, Counters());
    }

    private bool Exhausted() => _options.Monitor?.Patience is { } patience && _best is not null
        && _samplesSeen - _bestSamples >= patience.ToSamples(_options.EffectiveBase, _train.Count);

    private void SaveLast()
    {
        if (_checkpoints is null || _step == 0)
            return;
        if (Writes)
            _checkpoint.Save(_checkpoints.Last, Counters());
        _hasCheckpoint = true;
        _ranks.Barrier();
    }

    private TrainingCheckpoint.Counters Counters() => new(
        _step, _samplesSeen, _batchSize, TrainingTime.TotalSeconds, _loss, _best, _bestSamples,
        _ema?.SamplesSeen ?? 0, _ema?.Pending.Samples ?? 0, _ema?.Pending.Steps ?? 0, new(_optimizer.Counters), _options);
}
