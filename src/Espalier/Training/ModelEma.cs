namespace Espalier.Training;

/// <summary>
/// The moving average of a model's weights. One in-place operation on the flat buffer per update; the momentum follows
/// the samples of the step (<see cref="ScalingRule.EmaMomentum"/>), so that its half-life in samples is a constant of the
/// recipe whatever the batch size.
/// </summary>
public sealed class ModelEma : IDisposable
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
            Weights = parameters.Values.clone().DetachFromDisposeScope();
            _buffers = [.. module.named_buffers().Select(b => (b.name, b.buffer.DetachFromDisposeScope(), b.buffer.clone().DetachFromDisposeScope()))];
        }
    }

    /// <summary>ρ at the base batch, at the start of its schedule.</summary>
    public double Momentum { get; }

    /// <summary>What it is.</summary>
    public EmaOptions Options => _options;

    /// <summary>The samples after which a weight's share in the average has halved: B·ln 2 / -ln ρ.</summary>
    public double HalfLifeInSamples => _baseBatchSize * Math.Log(2) / -Math.Log(Momentum);

    /// <summary>The momentum of the latest update.</summary>
    public double LatestMomentum { get; private set; }

    /// <summary>Samples seen so far; part of the state that a checkpoint holds.</summary>
    public long SamplesSeen { get; private set; }

    /// <summary>The averaged weights, laid out as the model's flat parameters.</summary>
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
        Weights.mul_(Math.Pow(rho, kappa)).add_(_parameters.Values, alpha: ScalingRule.TwoPointWeights(rho, kappa).Before);
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
        if (SamplesSeen <= _startAfter)
        {
            LatestMomentum = 0;
            Weights.copy_(_parameters.Values);
        }
        else if (_scaling == EmaScaling.TwoPoint)
        {
            double rho = Scheduled(before);
            LatestMomentum = Math.Pow(rho, kappa);
            Weights.add_(_parameters.Values, alpha: ScalingRule.TwoPointWeights(rho, kappa).After);
        }
        else
        {
            (LatestMomentum, double share) = MomentumAt(before + samplesInStep - samples, samples, kappa);
            Weights.lerp_(_parameters.Values, share);
        }

        CopyExcluded();
        UpdateBuffers();
    }

    /// <summary>
    /// Exchanges the model's weights and buffers with the averaged ones until the result is disposed; safe in the face
    /// of exceptions.
    /// </summary>
    /// <exception cref="InvalidOperationException">They are exchanged already.</exception>
    public IDisposable Swap()
    {
        if (_swapped)
            throw new InvalidOperationException("the averaged weights are in the model already");
        Exchange();
        return new SwapBack(this);
    }

    /// <summary>Makes the average a copy of the model again; a teacher's own buffers stay.</summary>
    public void CopyFromModel()
    {
        using var noGradients = torch.no_grad();
        Weights.copy_(_parameters.Values);
        foreach ((string name, Tensor own, Tensor average) in _buffers.Where(b => !_teachersOwn.Contains(b.Name)))
            average.copy_(own);
    }

    /// <summary>Copies the averaged weights and buffers into another module of the same names.</summary>
    /// <param name="module">What takes them; parameters that it lacks are passed over.</param>
    /// <exception cref="CheckpointException">It has a parameter or buffer that the average lacks, or one of another shape.</exception>
    public void CopyTo(torch.nn.Module module)
    {
        using var noGradients = torch.no_grad();
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in module.named_parameters().Where(p => p.parameter.requires_grad))
        {
            using Tensor view = SliceOf(name, parameter).Of(Weights);
            parameter.copy_(view);
        }

        foreach ((string name, Tensor buffer) in module.named_buffers())
            buffer.copy_(BufferOf(name, buffer));
    }

    /// <summary>
    /// Makes a module the teacher: its parameters become views of the averaged weights, so that every update reaches it at no
    /// cost, and its buffers become those of the average.
    /// </summary>
    /// <param name="teacher">A module whose parameters and buffers are some of the model's, by name and shape; takes no gradients from now on.</param>
    /// <param name="ownStatistics">Whether its batch-norm statistics come from its own forward passes in training mode (BYOL, DINO); else they are the model's.</param>
    /// <exception cref="CheckpointException">It has a parameter or buffer that the model lacks, or one of another shape.</exception>
    public void BindTo(torch.nn.Module teacher, bool ownStatistics = true)
    {
        using var noGradients = torch.no_grad();
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in teacher.named_parameters().Where(p => p.parameter.requires_grad))
        {
            using Tensor view = SliceOf(name, parameter).Of(Weights);
            parameter.requires_grad_(false);
            parameter.set_(view);
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
    public void Restore(long samplesSeen, long pendingSamples, int pendingSteps) =>
        (SamplesSeen, _pending, _pendingSteps) = (samplesSeen, pendingSamples, pendingSteps);

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
                // ζ_t / (1-ρ^t) moves towards θ by (1-ρ^κ)/(1-ρ^t).
                double share = ScalingRule.OneMinusPower(rho, kappa) / ScalingRule.OneMinusPower(rho, end / _baseBatchSize);
                return (1 - share, share);
        }

        // The product over the base updates that this one covers, fractions included.
        double logarithm = 0;
        double start = since / _baseBatchSize;
        double last = end / _baseBatchSize;
        for (double t = Math.Floor(start); t < last; t++)
            logarithm += (Math.Min(t + 1, last) - Math.Max(t, start)) * Math.Log(WarmedUp(t, rho));
        return (Math.Exp(logarithm), -2 * Math.Exp(logarithm / 2) * Math.Sinh(logarithm / 2));
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

    private FlatSlice SliceOf(string name, Tensor parameter) => _parameters.Slices.FirstOrDefault(s => s.Name == name) is { } slice && slice.Shape.SequenceEqual(parameter.shape)
        ? slice
        : throw new CheckpointException(name, "is no parameter of the averaged model, or has another shape there", "give a module whose parameters are some of the model's");

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
                average.lerp_(own, 1 - LatestMomentum);
            else
                average.copy_(own);
        }
    }

    private void Exchange()
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Exchange(_parameters.Values, Weights);
        foreach ((string _, Tensor own, Tensor average) in _buffers)
            Exchange(own, average);
        _swapped = !_swapped;
    }

    private static void Exchange(Tensor a, Tensor b)
    {
        Tensor held = a.clone();
        a.copy_(b);
        b.copy_(held);
    }

    private sealed class SwapBack(ModelEma ema) : IDisposable
    {
        private bool _done;

        public void Dispose()
        {
            if (_done)
                return;
            _done = true;
            ema.Exchange();
        }
    }
}
