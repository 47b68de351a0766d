using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks;

/// <summary>
/// The branch of a gMLP block: Y = s(GELU(N U + b_U)) V + b_V, with s the spatial gating unit and GELU in its exact
/// (erf) form.
/// </summary>
internal sealed class GatedMlp : Module<Tensor, Tensor>
{
    private const double NearZero = 1e-6;

    [ComponentName(Name = "fc1")]
    private readonly Linear _fc1;

    [ComponentName(Name = "gate")]
    private readonly SpatialGatingUnit _gate;

    [ComponentName(Name = "attn")]
    private readonly TinyAttention? _attention;

    [ComponentName(Name = "fc2")]
    private readonly Linear _fc2;

    public GatedMlp(GmlpVisionOptions options, int tokens) : base(nameof(GatedMlp))
    {
        _fc1 = Linear(options.DModel, options.DFfn);
        _gate = new SpatialGatingUnit(options.DFfn, tokens, options.SpatialForm, options.Causal, options.GateForm, options.SguNormEps);
        _attention = options.DAttention is int width
            ? new TinyAttention(options.DModel, _gate.OutputChannels, width, options.Causal)
            : null;
        _fc2 = Linear(_gate.OutputChannels, options.DModel);
        register_module("fc1", _fc1);
        register_module("gate", _gate);
        if (_attention is not null)
            register_module("attn", _attention);
        register_module("fc2", _fc2);
    }

    public SpatialGatingUnit Gate => _gate;

    // input: N, [batch, tokens, d]
    public override Tensor forward(Tensor input)
    {
        Tensor z = functional.gelu(_fc1.call(input));                                   // [batch, tokens, e]
        Tensor s = _attention is null ? _gate.call(z) : _gate.Gated(z, _attention.call(input));
        return _fc2.call(s);                                                            // [batch, tokens, d]
    }

    public void Initialize(GmlpVisionOptions options, torch.Generator generator)
    {
        foreach (Linear linear in (Linear[])[_fc1, _fc2])
        {
            Initialization.XavierUniform(linear.weight!, generator);
            Initialization.Normal(linear.bias!, NearZero, generator);
        }

        _attention?.Initialize(generator);

        // Near W = 0, beta = 1 a gate is about 1 and the block mixes no tokens; a sum or a bare projection would then
        // only add or be a constant, so those start as an ordinary small layer.
        bool gates = options.GateForm is GateForm.MultiplicativeSplit or GateForm.Multiplicative;
        Initialization.Normal(_gate.Projection.Weight, options.SpatialInitStd ?? (gates ? NearZero : 0.02), generator);
        Initialization.Constant(_gate.Projection.Bias, gates ? 1 : 0);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _fc1.Dispose();
            _gate.Dispose();
            _attention?.Dispose();
            _fc2.Dispose();
        }

        base.Dispose(disposing);
    }
}
