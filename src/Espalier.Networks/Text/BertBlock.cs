using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>
/// One block of BERT: LayerNorm(X + attention(X)), then LayerNorm(X + mlp(X)) with the exact GELU; or pre-norm. Hugging
/// Face's names.
/// </summary>
public sealed class BertBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "attention")]
    private readonly BertAttention _attention;

    [ComponentName(Name = "intermediate")]
    private readonly BertDense _intermediate;

    [ComponentName(Name = "output")]
    private readonly BertOutput _output;

    internal BertBlock(BertOptions options) : base(nameof(BertBlock))
    {
        PreNorm = options.PreNorm;
        _attention = new BertAttention(options);
        _intermediate = new BertDense(options.DModel, options.Hidden);
        _output = new BertOutput(options.Hidden, options);
        register_module("attention", _attention);
        register_module("intermediate", _intermediate);
        register_module("output", _output);
    }

    /// <summary>Whether it normalises the input of its branches rather than their sum.</summary>
    public bool PreNorm { get; }

    /// <summary>The attention with its output layer.</summary>
    internal BertAttention Attention => _attention;

    /// <summary>The first feed-forward layer.</summary>
    internal BertDense Intermediate => _intermediate;

    /// <summary>The second feed-forward layer with its norm.</summary>
    internal BertOutput Output => _output;

    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input) => Masked(input, excluded: null);

    internal Tensor Masked(Tensor input, Tensor? excluded)
    {
        Tensor x = _attention.Masked(input, excluded);
        Tensor hidden = functional.gelu(_intermediate.call(PreNorm ? _output.Norm.call(x) : x));
        return _output.Residual(hidden, x);
    }

    internal void Initialize(torch.Generator generator)
    {
        foreach (Linear linear in _attention.Linears.Append(_intermediate.Dense).Append(_output.Dense))
        {
            Initialization.Normal(linear.weight!, 0.02, generator);
            Initialization.Constant(linear.bias!, 0);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _attention.Dispose();
            _intermediate.Dispose();
            _output.Dispose();
        }

        base.Dispose(disposing);
    }
}
