using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

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

    /// <summary>Creates the unit with W = 0 and beta = 1.</summary>
    /// <param name="channels">Channels e of Z; even where the gate splits them.</param>
    /// <param name="tokens">Number of tokens n.</param>
    /// <param name="form">How W is stored.</param>
    /// <param name="causal">Whether token i sees only tokens up to i.</param>
    /// <param name="gate">What is made of Z.</param>
    /// <param name="normEps">Epsilon of the LayerNorm.</param>
    /// <exception cref="OptionsException"><paramref name="channels"/> is odd and would be split.</exception>
    public SpatialGatingUnit(int channels, int tokens, SpatialForm form = SpatialForm.Dense, bool causal = false,
        GateForm gate = GateForm.MultiplicativeSplit, double normEps = 1e-5) : base(nameof(SpatialGatingUnit))
    {
        bool splits = gate == GateForm.MultiplicativeSplit;
        OptionsException.Require(!splits || channels % 2 == 0, nameof(channels), channels, "must be even: the gate splits the channels in two halves");
        Gate = gate;
        OutputChannels = splits ? channels / 2 : channels;
        _norm = LayerNorm(OutputChannels, normEps);
        _proj = new SpatialProjection(tokens, form, causal);
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

    /// <param name="input">Z, [batch, tokens, e].</param>
    /// <returns>[batch, tokens, <see cref="OutputChannels"/>].</returns>
    public override Tensor forward(Tensor input) => Gated(input, attention: null);

    /// <summary>The gated signal, with something added to the gate.</summary>
    /// <param name="input">Z, [batch, tokens, e].</param>
    /// <param name="attention">[batch, tokens, <see cref="OutputChannels"/>], added to f(Z); null is nothing.</param>
    /// <returns>[batch, tokens, <see cref="OutputChannels"/>].</returns>
    public Tensor Gated(Tensor input, Tensor? attention)
    {
        if (Gate != GateForm.MultiplicativeSplit)
        {
            Tensor f = Projected(input, attention);
            return Gate switch
            {
                GateForm.Multiplicative => input * f,
                GateForm.Additive => input + f,
                _ => f,
            };
        }

        Tensor z1 = input.narrow(2, 0, OutputChannels);
        Tensor z2 = input.narrow(2, OutputChannels, OutputChannels);
        return z1 * Projected(z2, attention);
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

    private Tensor Projected(Tensor z, Tensor? attention)
    {
        Tensor f = _proj.call(_norm.call(z));
        return attention is null ? f : f + attention;
    }
}
