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
    private readonly (string Name, Tensor Own, Tensor Average)[] _buffers;
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
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public ModelEma(torch.nn.Module module, FlatParameters parameters, EmaOptions options, ScalingOptions scaling, int baseBatchSize, long epochSize)
    {
        options.Validate();
        OptionsException.Require(scaling.Ema != EmaScaling.TwoPoint || options.Warmup == EmaWarmup.None, "warmup", options.Warmup, "two-point scaling has a closed form for a constant momentum only");
        OptionsException.Require(scaling.Ema != EmaScaling.TwoPoint || options.UpdateEvery == 1, "updateEvery", options.UpdateEvery, "two-point scaling updates at every step");
        _parameters = parameters;
        _options = options;
        _scaling = scaling.Ema;
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

    /// <summary>ρ at the base batch.</summary>
    public double Momentum { get; }

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
        using var noGradients = torch.no_grad();
        Weights.mul_(Math.Pow(Momentum, kappa)).add_(_parameters.Values, alpha: ScalingRule.TwoPointWeights(Momentum, kappa).Before);
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
            LatestMomentum = Math.Pow(Momentum, kappa);
            Weights.add_(_parameters.Values, alpha: ScalingRule.TwoPointWeights(Momentum, kappa).After);
        }
        else
        {
            (LatestMomentum, double share) = MomentumAt(before + samplesInStep - samples, samples, kappa);
            Weights.lerp_(_parameters.Values, share);
        }

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

    /// <summary>Makes the average a copy of the model again.</summary>
    public void CopyFromModel()
    {
        using var noGradients = torch.no_grad();
        Weights.copy_(_parameters.Values);
        foreach ((string _, Tensor own, Tensor average) in _buffers)
            average.copy_(own);
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
        if (_options.Warmup == EmaWarmup.None)
        {
            double scaled = _rule.EmaMomentum(Momentum, kappa);
            return (scaled, _scaling == EmaScaling.Exponential ? ScalingRule.OneMinusPower(Momentum, kappa) : 1 - scaled);
        }

        // The product over the base updates that this one covers, fractions included.
        double logarithm = 0;
        double start = (double)(from - Math.Min(from, _startAfter)) / _baseBatchSize;
        double end = start + ((double)samples / _baseBatchSize);
        for (double t = Math.Floor(start); t < end; t++)
            logarithm += (Math.Min(t + 1, end) - Math.Max(t, start)) * Math.Log(WarmedUp(t));
        return (Math.Exp(logarithm), -2 * Math.Exp(logarithm / 2) * Math.Sinh(logarithm / 2));
    }

    private double WarmedUp(double t) => _options.Warmup switch
    {
        EmaWarmup.Power => Math.Min(Momentum, 1 - Math.Pow(1 + (t + 1), -2.0 / 3)),
        EmaWarmup.Ratio => Math.Min(Momentum, (1 + t) / (10 + t)),
        _ => Momentum * (1 - Math.Exp(-(t + 1) / 2000)),
    };

    private void UpdateBuffers()
    {
        if (_buffers.Length == 0)
            return;
        using var scope = torch.NewDisposeScope();
        foreach ((string _, Tensor own, Tensor average) in _buffers)
        {
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
