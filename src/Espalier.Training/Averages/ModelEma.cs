using Espalier.Errors;
using Espalier.Models;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Espalier.Training.Scaling;

namespace Espalier.Training.Averages;

/// <summary>
/// The moving average of a model's weights. One in-place operation on the flat buffer per update; the momentum follows
/// the samples of the step (<see cref="ScalingRule.EmaMomentum"/>), so that its half-life in samples is a constant of the
/// recipe whatever the batch size.
/// </summary>
public sealed class ModelEma : IAveragedWeights, IDisposable
{
    private readonly FlatParameters _parameters;
    private readonly EmaOptions _options;
    private readonly ScalingRule _rule;
    private readonly EmaScaling _scaling;
    private readonly int _baseBatchSize;
    private readonly long _startAfter;
    private readonly long _totalSamples;
    private readonly double _exponent;
    private readonly FlatSlice[] _excluded;
    private readonly (string Name, Tensor Own, Tensor Average)[] _buffers;
    private readonly EmaNames _names;
    private readonly List<(Tensor Parameter, FlatSlice Slice)> _copies = [];
    private readonly HashSet<string> _teachersOwn = [];
    private long _pending;
    private int _pendingSteps;
    private bool _swapped;

    /// <summary>Starts the average as a copy of the model.</summary>
    /// <param name="module">The model; what it holds beside parameters is averaged or copied.</param>
    /// <param name="parameters">Its flat parameters.</param>
    /// <param name="options">Momentum, start, warm-up.</param>
    /// <param name="scaling">How the momentum follows the batch size.</param>
    /// <param name="baseBatchSize">Samples per base step.</param>
    /// <param name="epochSize">Samples per epoch, for durations in epochs.</param>
    /// <param name="totalSamples">Samples of the whole training; only a schedule needs it.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public ModelEma(torch.nn.Module module, FlatParameters parameters, EmaOptions options, ScalingOptions scaling, int baseBatchSize, long epochSize, long totalSamples = 0)
    {
        options.Validate();
        bool isTwoPoint = scaling.Ema == EmaScaling.TwoPoint && options.Kind == EmaKind.Exponential;
        OptionsException.Require(options.Schedule == EmaSchedule.Constant || totalSamples > 0, "schedule", options.Schedule, "needs the length of the training");
        OptionsException.Require(!isTwoPoint || options.Warmup == EmaWarmup.None, "warmup", options.Warmup, "two-point scaling has a closed form for a constant momentum only");
        OptionsException.Require(!isTwoPoint || options.UpdateEvery == 1, "updateEvery", options.UpdateEvery, "two-point scaling updates at every step");
        _parameters = parameters;
        _options = options;
        _scaling = options.Kind == EmaKind.Exponential ? scaling.Ema : EmaScaling.Exponential;
        _totalSamples = totalSamples;
        _exponent = options.Kind == EmaKind.PowerFunction ? PowerFunctionProfile.Exponent(options.SigmaRel ?? 0.1) : 0;
        _excluded = [.. parameters.Slices.Where(s => options.Excludes(s.Name))];
        _rule = new ScalingRule(OptimizerKind.Sgd, scaling);
        _baseBatchSize = baseBatchSize;
        _startAfter = options.StartAfter.ToSamples(baseBatchSize, epochSize);
        Momentum = options.BaseMomentum(baseBatchSize, epochSize);
        using (torch.no_grad())
        {
            _names = new EmaNames(module, parameters);
            Weights = parameters.Values.to(AverageType(parameters.Values.dtype), copy: true).DetachFromDisposeScope();
            _buffers = [.. module.named_buffers().Select(b => (b.name, b.buffer.DetachFromDisposeScope(), b.buffer.to(AverageType(b.buffer.dtype), copy: true).DetachFromDisposeScope()))];
        }
    }

    /// <summary>ρ at the base batch, at the start of its schedule.</summary>
    public double Momentum { get; }

    /// <summary>What it is.</summary>
    public EmaOptions Options => _options;

    /// <summary>The samples after which a weight's share in the average has halved: B·ln 2 / -ln ρ.</summary>
    public double HalfLifeInSamples => Momentum == 1 ? double.PositiveInfinity : _baseBatchSize * Math.Log(2) / -Math.Log(Momentum);

    /// <summary>The momentum of the latest update.</summary>
    public double LatestMomentum { get; private set; }

    /// <summary>Samples seen so far; part of the state that a checkpoint holds.</summary>
    public long SamplesSeen { get; private set; }

    /// <summary>
    /// The averaged weights, laid out as the model's flat parameters: float32, or float64 where the model is. In half precision a
    /// share of 0.001 would be rounded away and the average would never move.
    /// </summary>
    public Tensor Weights { get; }

    /// <summary>The averaged or copied buffers by name.</summary>
    public IReadOnlyList<(string Name, Tensor Average)> Buffers => [.. _buffers.Select(b => (b.Name, b.Average))];

    /// <summary>Samples and steps that wait for the next update where <see cref="EmaOptions.UpdateEvery"/> is above 1.</summary>
    public (long Samples, int Steps) Pending => (_pending, _pendingSteps);

    /// <summary>Call before the optimizer step; only two-point scaling does anything here.</summary>
    /// <param name="samplesInStep">Samples of the step to come.</param>
    public void BeforeStep(long samplesInStep)
    {
        if (_scaling != EmaScaling.TwoPoint || SamplesSeen + samplesInStep <= _startAfter)
            return;
        double kappa = (double)samplesInStep / _baseBatchSize;
        double rho = Scheduled(SamplesSeen);
        using var noGradients = torch.no_grad();
        using Tensor values = Precise(_parameters.Values);
        Weights.mul_(Math.Pow(rho, kappa)).add_(values, alpha: ScalingRule.TwoPointWeights(rho, kappa).Before);
    }

    /// <summary>Takes in the weights after an optimizer step.</summary>
    /// <param name="samplesInStep">Samples of that step.</param>
    public void Update(long samplesInStep)
    {
        long before = SamplesSeen;
        SamplesSeen += samplesInStep;
        _pending += samplesInStep;
        if (++_pendingSteps < _options.UpdateEvery)
            return;
        (long samples, _pending, _pendingSteps) = (_pending, 0, 0);
        double kappa = (double)samples / _baseBatchSize;
        using var noGradients = torch.no_grad();
        using Tensor values = Precise(_parameters.Values);
        if (SamplesSeen <= _startAfter)
        {
            LatestMomentum = 0;
            Weights.copy_(values);
        }
        else if (_scaling == EmaScaling.TwoPoint)
        {
            double rho = Scheduled(before);
            LatestMomentum = Math.Pow(rho, kappa);
            Weights.add_(values, alpha: ScalingRule.TwoPointWeights(rho, kappa).After);
        }
        else
        {
            (LatestMomentum, double share) = MomentumAt(before + samplesInStep - samples, samples, kappa);
            Weights.lerp_(values, share);
        }

        CopyExcluded();
        UpdateBuffers();
        UpdateCopies();
    }

    /// <summary>
    /// Puts the averaged weights and buffers into the model until the result is disposed, also after an exception; the model's
    /// own are restored bit for bit, and the average stays as it is.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are in the model already.</exception>
    public IDisposable Swap()
    {
        if (_swapped)
            throw new InvalidOperationException("the averaged weights are in the model already");
        return new SwapBack(this);
    }

    /// <summary>Makes the average a copy of the model again; a teacher's own buffers stay.</summary>
    public void CopyFromModel()
    {
        using var noGradients = torch.no_grad();
        Weights.copy_(_parameters.Values);
        foreach ((string name, Tensor own, Tensor average) in _buffers.Where(b => !_teachersOwn.Contains(b.Name)))
            average.copy_(own);
        UpdateCopies();
    }

    /// <summary>Copies the averaged weights and buffers, and the frozen weights as they are, into another module of the same names.</summary>
    /// <param name="module">Takes them, whether its parameters require gradients or not; parameters that it lacks are passed over.</param>
    /// <exception cref="CheckpointException">It has a parameter or buffer that the average lacks, or one of another shape.</exception>
    public void CopyTo(torch.nn.Module module)
    {
        using var noGradients = torch.no_grad();
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in module.named_parameters())
        {
            using Tensor source = _names.Find(name, parameter).In(Weights);
            parameter.copy_(source);
        }

        foreach ((string name, Tensor buffer) in module.named_buffers())
            buffer.copy_(BufferOf(name, buffer));
    }

    /// <summary>
    /// Makes a module the teacher: its parameters become views of the averaged weights, so that every update reaches it at no
    /// cost, those that the model keeps frozen become the model's own, and its buffers become those of the average. A teacher of another
    /// type than the average, such as bfloat16, gets copies at every update.
    /// </summary>
    /// <param name="teacher">A module whose parameters and buffers are some of the model's, by name and shape; takes no gradients from now on.</param>
    /// <param name="ownStatistics">Whether its batch-norm statistics come from its own forward passes in training mode (BYOL, DINO); else they are the model's.</param>
    /// <exception cref="CheckpointException">It has a parameter or buffer that the model lacks, or one of another shape.</exception>
    public void BindTo(torch.nn.Module teacher, bool ownStatistics = true)
    {
        using var noGradients = torch.no_grad();
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in teacher.named_parameters())
        {
            EmaSource source = _names.Find(name, parameter);
            using Tensor view = source.In(Weights);
            parameter.requires_grad_(false);
            if (view.dtype == parameter.dtype && view.device_type == parameter.device_type)
            {
                parameter.set_(view);
                continue;
            }

            parameter.copy_(view);
            if (source.Slice is { } slice)
                _copies.Add((parameter, slice));
        }

        foreach ((string name, Tensor buffer) in teacher.named_buffers())
        {
            buffer.copy_(BufferOf(name, buffer));
            int index = Array.FindIndex(_buffers, b => b.Name == name);
            _buffers[index].Average.Dispose();
            _buffers[index].Average = buffer.DetachFromDisposeScope();
            if (ownStatistics)
                _teachersOwn.Add(name);
        }
    }

    /// <summary>Sets the counters when a checkpoint is loaded; the tensors are copied into <see cref="Weights"/> and <see cref="Buffers"/>.</summary>
    public void Restore(long samplesSeen, long pendingSamples, int pendingSteps)
    {
        (SamplesSeen, _pending, _pendingSteps) = (samplesSeen, pendingSamples, pendingSteps);
        using var noGradients = torch.no_grad();
        UpdateCopies();
    }

    /// <summary>Every parameter of the averaged model by name, frozen ones as they are; in the caller's dispose scope.</summary>
    internal IEnumerable<(string Name, Tensor Value)> NamedWeights() => _names.All.Select(s => (s.Name, s.Source.In(Weights)));

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        foreach ((string _, Tensor _, Tensor average) in _buffers)
            average.Dispose();
    }

    private (double Momentum, double Share) MomentumAt(long from, long samples, double kappa)
    {
        double since = from - Math.Min(from, _startAfter);
        double end = since + samples;
        switch (_options.Kind)
        {
            case EmaKind.Polyak:
                return (since / end, samples / end);
            case EmaKind.PowerFunction:
                double kept = PowerFunctionProfile.Momentum(_exponent, samples, end);
                return (kept, 1 - kept);
        }

        double rho = Scheduled(from);
        switch (_options.Warmup)
        {
            case EmaWarmup.None:
                double scaled = _rule.EmaMomentum(rho, kappa);
                return (scaled, _scaling == EmaScaling.Exponential ? ScalingRule.OneMinusPower(rho, kappa) : 1 - scaled);
            case EmaWarmup.BiasCorrected:
                // ζ_t / (1-ρ^t) moves towards θ by (1-ρ^κ)/(1-ρ^t), whose limit at ρ = 1 is the equal average.
                double share = rho == 1 ? samples / end : ScalingRule.OneMinusPower(rho, kappa) / ScalingRule.OneMinusPower(rho, end / _baseBatchSize);
                return (1 - share, share);
        }

        // The product over the base updates that this one covers, fractions included.
        double logarithm = 0;
        double start = since / _baseBatchSize;
        double last = end / _baseBatchSize;
        for (double t = Math.Floor(start); t < last; t++)
            logarithm += (Math.Min(t + 1, last) - Math.Max(t, start)) * Math.Log(WarmedUp(t, rho));
        return (Math.Exp(logarithm), ScalingRule.OneMinusExponential(logarithm));
    }

    /// <summary>ρ of the base batch after so many samples.</summary>
    private double Scheduled(long samples) => _options.Schedule == EmaSchedule.CosineToOne
        ? 1 - ((1 - Momentum) * (Math.Cos(Math.PI * Math.Min(1, (double)samples / _totalSamples)) + 1) / 2)
        : Momentum;

    private double WarmedUp(double t, double rho) => _options.Warmup switch
    {
        EmaWarmup.Power => Math.Min(rho, 1 - Math.Pow(1 + (t + 1), -2.0 / 3)),
        EmaWarmup.Ratio => Math.Min(rho, (1 + t) / (10 + t)),
        _ => rho * (1 - Math.Exp(-(t + 1) / 2000)),
    };

    private void CopyExcluded()
    {
        foreach (FlatSlice slice in _excluded)
        {
            using Tensor average = slice.Of(Weights);
            using Tensor own = slice.Of(_parameters.Values);
            average.copy_(own);
        }
    }

    private Tensor BufferOf(string name, Tensor buffer) => _buffers.FirstOrDefault(b => b.Name == name).Average is { } average && average.shape.SequenceEqual(buffer.shape)
        ? average
        : throw new CheckpointException(name, "is no buffer of the averaged model, or has another shape there", "give a module whose buffers are some of the model's");

    private void UpdateBuffers()
    {
        if (_buffers.Length == 0)
            return;
        using var scope = torch.NewDisposeScope();
        foreach ((string name, Tensor own, Tensor average) in _buffers)
        {
            if (_teachersOwn.Contains(name))
                continue;
            if (_options.Buffers == EmaBuffers.Average && average.is_floating_point())
                average.lerp_(own.to(average.dtype), 1 - LatestMomentum);
            else
                average.copy_(own);
        }
    }

    private void UpdateCopies()
    {
        foreach ((Tensor parameter, FlatSlice slice) in _copies)
        {
            using Tensor view = slice.Of(Weights);
            parameter.copy_(view);
        }
    }

    private static torch.ScalarType AverageType(torch.ScalarType type) => type is torch.ScalarType.BFloat16 or torch.ScalarType.Float16 ? torch.float32 : type;

    private Tensor Precise(Tensor values) => values.dtype == Weights.dtype ? values.alias() : values.to(Weights.dtype);

    private sealed class SwapBack : IDisposable
    {
        private readonly ModelEma _ema;
        private readonly Tensor _weights;
        private readonly Tensor[] _buffers;
        private bool _done;

        public SwapBack(ModelEma ema)
        {
            using var noGradients = torch.no_grad();
            _ema = ema;
            _weights = ema._parameters.Values.clone().DetachFromDisposeScope();
            _buffers = [.. ema._buffers.Select(b => b.Own.clone().DetachFromDisposeScope())];
            ema._parameters.Values.copy_(ema.Weights);
            foreach ((string _, Tensor own, Tensor average) in ema._buffers)
                own.copy_(average);
            ema._swapped = true;
        }

        public void Dispose()
        {
            if (_done)
                return;
            _done = true;
            using var noGradients = torch.no_grad();
            _ema._parameters.Values.copy_(_weights);
            _weights.Dispose();
            for (int i = 0; i < _buffers.Length; i++)
            {
                _ema._buffers[i].Own.copy_(_buffers[i]);
                _buffers[i].Dispose();
            }

            _ema._swapped = false;
        }
    }
}
