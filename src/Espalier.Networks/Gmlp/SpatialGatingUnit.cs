using Espalier.Errors;
using Espalier.Networks.Text;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// The spatial gating unit s(Z) = Z1 * (W·LayerNorm(Z2) + beta) of Liu et al. 2021, section 2.1: the first half of the
/// channels passes, the second half becomes the gate.
/// </summary>
public sealed class SpatialGatingUnit : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "proj")]
    private readonly SpatialProjection _proj;

    private readonly GateActivation _activation;

    /// <summary>Creates the unit with W = 0 and beta = 1.</summary>
    /// <param name="channels">Channels e of Z; even where the gate splits them.</param>
    /// <param name="tokens">Number of tokens n.</param>
    /// <param name="form">How W is stored.</param>
    /// <param name="causal">Whether token i sees only tokens up to i.</param>
    /// <param name="gate">What is made of Z.</param>
    /// <param name="normEps">Epsilon of the LayerNorm.</param>
    /// <exception cref="OptionsException"><paramref name="channels"/> is odd and would be split.</exception>
    public SpatialGatingUnit(int channels, int tokens, SpatialForm form = SpatialForm.Dense, bool causal = false,
        GateForm gate = GateForm.MultiplicativeSplit, double normEps = 1e-5)
        : this(channels, gate, normEps, GateActivation.Identity, new SpatialProjection(tokens, form, causal))
    {
    }

    internal SpatialGatingUnit(GmlpOptions options, int tokens)
        : this(options.DFfn, options.GateForm, options.SguNormEps, options.GateActivation,
            new SpatialProjection(tokens, options.SpatialForm, options.Causal, options.SpatialHeads, options.SharedBias))
    {
    }

    private SpatialGatingUnit(int channels, GateForm gate, double normEps, GateActivation activation, SpatialProjection projection) : base(nameof(SpatialGatingUnit))
    {
        bool splits = gate == GateForm.MultiplicativeSplit;
        OptionsException.Require(!splits || channels % 2 == 0, nameof(channels), channels, "must be even: the gate splits the channels in two halves");
        Gate = gate;
        _activation = activation;
        OutputChannels = splits ? channels / 2 : channels;
        _norm = LayerNorm(OutputChannels, normEps);
        _proj = projection;
        register_module("norm", _norm);
        register_module("proj", _proj);
    }

    /// <summary>What is made of Z.</summary>
    public GateForm Gate { get; }

    /// <summary>Channels of the result: half of Z's where the gate splits them.</summary>
    public int OutputChannels { get; }

    /// <summary>The map along tokens.</summary>
    public SpatialProjection Projection => _proj;

    /// <summary>The LayerNorm of the gate's input.</summary>
    public LayerNorm Norm => _norm;

    /// <summary>What the gate passes through before it multiplies.</summary>
    public GateActivation Activation => _activation;

    /// <param name="input">Z, [batch, tokens, e].</param>
    /// <returns>[batch, tokens, <see cref="OutputChannels"/>].</returns>
    public override Tensor forward(Tensor input) => Gated(input, attention: null);

    /// <summary>The gated signal, with something added to the gate.</summary>
    /// <param name="input">Z, [batch, tokens, e].</param>
    /// <param name="attention">[batch, tokens, <see cref="OutputChannels"/>], added to f(Z); null is nothing.</param>
    /// <param name="mask">[batch, tokens], 1 = real: what other tokens hold is zeroed before W, so that no real token depends on it; null is none.</param>
    /// <returns>[batch, tokens, <see cref="OutputChannels"/>].</returns>
    public Tensor Gated(Tensor input, Tensor? attention, Tensor? mask = null)
    {
        (Tensor u, Tensor v) = Halves(input);
        v = _norm.call(v);
        if (mask is not null)
            v = v * mask.unsqueeze(2);
        return Combined(u, _proj.call(v), attention);
    }

    /// <summary>The gated signal of the next tokens of a causal model.</summary>
    /// <param name="input">Z of the next tokens, [batch, r, e].</param>
    /// <param name="attention">Added to their f(Z), [batch, r, <see cref="OutputChannels"/>]; null is nothing.</param>
    /// <param name="memory">The normalised gate inputs of all tokens so far; takes the next ones.</param>
    internal Tensor GatedNext(Tensor input, Tensor? attention, TokenMemory memory)
    {
        (Tensor u, Tensor v) = Halves(input);
        Tensor all = memory.Append(_norm.call(v));
        return Combined(u, _proj.Outputs(all, memory.Length - input.shape[1]), attention);
    }

    // What the gate multiplies and what it is computed from. The gradient of two chunks is one concatenation; of two narrowed
    // views it is two tensors of zeros, two copies and a sum.
    private (Tensor U, Tensor V) Halves(Tensor z)
    {
        if (Gate != GateForm.MultiplicativeSplit)
            return (z, z);
        Tensor[] halves = z.chunk(2, 2);
        return (halves[0], halves[1]);
    }

    private Tensor Combined(Tensor u, Tensor projected, Tensor? attention)
    {
        Tensor f = attention is null ? projected : projected + attention;
        f = _activation switch
        {
            GateActivation.Tanh => f.tanh(),
            GateActivation.Sigmoid => f.sigmoid(),
            _ => f,
        };
        return Gate switch
        {
            GateForm.MultiplicativeSplit or GateForm.Multiplicative => u * f,
            GateForm.Additive => u + f,
            _ => f,
        };
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _norm.Dispose();
            _proj.Dispose();
        }

        base.Dispose(disposing);
    }
}
