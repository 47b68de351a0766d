using Espalier.Errors;
using Espalier.Training.Loop;
using Espalier.Training.Scaling;

namespace Espalier.Training.Optimizers;

/// <summary>
/// An optimizer over <see cref="FlatParameters"/>. The state (moments) is a set of flat buffers with names, so that a
/// checkpoint saves them per parameter; hyper-parameters are arguments of every step, since <see cref="ScalingRule"/>
/// and schedules may change them from step to step.
/// </summary>
public abstract class Optimizer : IDisposable
{
    private readonly Dictionary<string, Tensor> _state = [];
    private readonly Dictionary<string, double> _counters = [];
    private readonly List<Tensor> _scratch = [];

    /// <summary>An optimizer over flat parameters.</summary>
    /// <param name="parameters">What it steps.</param>
    protected Optimizer(FlatParameters parameters) => Parameters = parameters;

    /// <summary>The flat moments by name, each [<see cref="FlatParameters.Length"/>].</summary>
    public IReadOnlyDictionary<string, Tensor> State => _state;

    /// <summary>Scalar state by name, such as the running product of a moment's decays.</summary>
    public IReadOnlyDictionary<string, double> Counters => _counters;

    /// <summary>What it steps.</summary>
    protected FlatParameters Parameters { get; }

    /// <summary>The optimizer that the options name.</summary>
    public static Optimizer Create(OptimizerOptions options, FlatParameters parameters) => options.Kind switch
    {
        OptimizerKind.Sgd => new Sgd(parameters, options.Nesterov),
        OptimizerKind.Adam => new Adam(parameters, decoupled: false),
        OptimizerKind.AdamW => new Adam(parameters, decoupled: true),
        OptimizerKind.RmsProp => new RmsProp(parameters),
        OptimizerKind.Lars => new Lars(parameters, options.TrustCoefficient, options.LarsVariant),
        OptimizerKind.Lamb => new Lamb(parameters),
        OptimizerKind.Adagrad => new Adagrad(parameters),
        _ => throw new OptionsException("optimizer.kind", options.Kind, "is not known"),
    };

    /// <summary>One step along the gradients in <see cref="FlatParameters.Gradients"/>.</summary>
    /// <param name="h">The hyper-parameters of this step.</param>
    public void Step(in Hyperparameters h)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Update(h);
    }

    /// <summary>
    /// Carries the state over a change of batch size by a factor k. Where gradients are mostly noise, E[g²] falls as 1/k, so
    /// second moments are divided by k; kept as they were they would make the steps √k too short until they are forgotten.
    /// </summary>
    /// <param name="factor">k, new batch over old; above 0.</param>
    public virtual void BatchChanged(double factor)
    {
    }

    /// <summary>Sets a counter when a checkpoint is loaded.</summary>
    /// <exception cref="OptionsException">There is no such counter.</exception>
    public void Restore(string counter, double value)
    {
        OptionsException.Require(_counters.ContainsKey(counter), "counter", counter, "is not one of this optimizer's");
        _counters[counter] = value;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Tensor buffer in _state.Values.Concat(_scratch))
            buffer.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The formula; runs without gradients, inside a dispose scope.</summary>
    /// <param name="h">The hyper-parameters of this step.</param>
    protected abstract void Update(in Hyperparameters h);

    /// <summary>Makes a moment buffer of zeros.</summary>
    protected Tensor NewBuffer(string name) =>
        _state[name] = torch.zeros_like(Parameters.Values).DetachFromDisposeScope();

    /// <summary>Makes a buffer that holds nothing between steps.</summary>
    protected Tensor NewScratch()
    {
        Tensor scratch = torch.empty_like(Parameters.Values).DetachFromDisposeScope();
        _scratch.Add(scratch);
        return scratch;
    }

    /// <summary>Divides a second moment by the factor of a change of batch size.</summary>
    protected static void ShrinkSecondMoment(Tensor moment, double factor)
    {
        using var noGradients = torch.no_grad();
        moment.div_(factor);
    }

    /// <summary>Makes a counter.</summary>
    protected void NewCounter(string name, double value) => _counters[name] = value;

    /// <summary>Multiplies a counter and returns it.</summary>
    protected double Multiply(string name, double factor) => _counters[name] *= factor;

    /// <summary>Adds the L2 term λw to the gradients of the decayed range.</summary>
    protected void AddDecay(double weightDecay)
    {
        if (weightDecay == 0 || Parameters.DecayedLength == 0)
            return;
        Parameters.Gradients.narrow(0, 0, Parameters.DecayedLength)
            .add_(Parameters.Values.narrow(0, 0, Parameters.DecayedLength), alpha: weightDecay);
    }
}
