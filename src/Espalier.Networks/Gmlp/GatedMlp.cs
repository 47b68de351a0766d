using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Gmlp;

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

    public GatedMlp(GmlpOptions options, int tokens) : base(nameof(GatedMlp))
    {
        _fc1 = Linear(options.DModel, options.DFfn);
        _gate = new SpatialGatingUnit(options, tokens);
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

    public TinyAttention? Attention => _attention;

    // input: N, [batch, tokens, d]
    public override Tensor forward(Tensor input) => Masked(input, mask: null);

    // mask: [batch, tokens], 1 = real
    public Tensor Masked(Tensor input, Tensor? mask)
    {
        Tensor z = functional.gelu(_fc1.call(input));                                   // [batch, tokens, e]
        return _fc2.call(_gate.Gated(z, _attention?.Attend(input, mask), mask));        // [batch, tokens, d]
    }

    // input: N of the next tokens of a causal model
    public Tensor Next(Tensor input, GmlpBlockMemory memory)
    {
        Tensor z = functional.gelu(_fc1.call(input));
        return _fc2.call(_gate.GatedNext(z, _attention?.AttendNext(input, memory.Keys, memory.Values), memory.Gate));
    }

    /// <summary>timm's: linear layers Xavier-uniform with biases N(0, 1e-6²).</summary>
    public void InitializeForImages(GmlpOptions options, torch.Generator generator)
    {
        foreach (Linear linear in Linears)
            Initialization.XavierUniform(linear.weight!, generator);
        foreach (Linear linear in (Linear[])[_fc1, _fc2])
            Initialization.Normal(linear.bias!, NearZero, generator);
        if (!InitializeGate(options, generator))
            Initialization.Normal(_gate.Projection.Weight, NearZero, generator);
    }

    /// <summary>BERT's: linear layers N(0, 0.02²).</summary>
    public void InitializeForText(GmlpOptions options, torch.Generator generator)
    {
        foreach (Linear linear in Linears)
            Initialization.Normal(linear.weight!, 0.02, generator);
        foreach (Linear linear in (Linear[])[_fc1, _fc2])
            Initialization.Constant(linear.bias!, 0);
        if (!InitializeGate(options, generator))
            Initialization.Uniform(_gate.Projection.Weight, 1e-3 / _gate.Projection.Tokens, generator);
    }

    private IEnumerable<Linear> Linears => [_fc1, _fc2, .. _attention?.Linears ?? []];

    // Near W = 0, beta = 1 a gate is about 1 and the block mixes no tokens; a sum or a bare projection would then only add
    // or be a constant, so those start as an ordinary small layer. Returns whether W has its values.
    private bool InitializeGate(GmlpOptions options, torch.Generator generator)
    {
        foreach (Linear linear in _attention?.Linears ?? [])
            Initialization.Constant(linear.bias!, 0);
        bool gates = options.GateForm is GateForm.MultiplicativeSplit or GateForm.Multiplicative;
        Initialization.Constant(_gate.Projection.Bias, gates ? 1 : 0);
        if ((options.SpatialInitStd ?? (gates ? null : 0.02)) is not double std)
            return false;
        Initialization.Normal(_gate.Projection.Weight, std, generator);
        return true;
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
