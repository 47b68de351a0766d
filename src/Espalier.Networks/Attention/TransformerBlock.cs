using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Attention;

/// <summary>
/// A pre-norm Transformer block as ViT and GPT have it: X + attention(norm1(X)), then X + mlp(norm2(X)); timm's names.
/// </summary>
public sealed class TransformerBlock : Module<Tensor, Tensor>
{
    [ComponentName(Name = "norm1")]
    private readonly LayerNorm _norm1;

    [ComponentName(Name = "attn")]
    private readonly SelfAttention _attention;

    [ComponentName(Name = "norm2")]
    private readonly LayerNorm _norm2;

    [ComponentName(Name = "mlp")]
    private readonly FeedForward _mlp;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "drop_path")]
    private readonly DropPath _dropPath;

    internal TransformerBlock(int width, int heads, int hidden, double normEps, double dropPath, double dropout, bool causal = false, int? relativeLength = null)
        : base(nameof(TransformerBlock))
    {
        _norm1 = LayerNorm(width, normEps);
        _attention = new SelfAttention(width, heads, causal, relativeLength, dropout);
        _norm2 = LayerNorm(width, normEps);
        _mlp = new FeedForward(width, hidden);
        _dropout = new SampleDropout(dropout);
        _dropPath = new DropPath(dropPath);
        register_module("norm1", _norm1);
        register_module("attn", _attention);
        register_module("norm2", _norm2);
        register_module("mlp", _mlp);
        register_module("dropout", _dropout);
        register_module("drop_path", _dropPath);
    }

    /// <summary>The attention.</summary>
    public SelfAttention Attention => _attention;

    /// <param name="input">[batch, tokens, d].</param>
    /// <returns>[batch, tokens, d].</returns>
    public override Tensor forward(Tensor input) => Masked(input, mask: null);

    /// <summary>The block where some tokens are padding.</summary>
    /// <param name="input">[batch, tokens, d].</param>
    /// <param name="mask">[batch, tokens], 1 = real; null is all.</param>
    /// <returns>[batch, tokens, d].</returns>
    public Tensor Masked(Tensor input, Tensor? mask)
    {
        Tensor x = input + Branch(_attention.Attend(_norm1.call(input), mask));
        return x + Branch(_mlp.call(_norm2.call(x)));
    }

    internal Tensor Next(Tensor input, TransformerBlockMemory memory)
    {
        Tensor x = input + _attention.AttendNext(_norm1.call(input), memory.Keys, memory.Values);
        return x + _mlp.call(_norm2.call(x));
    }

    internal void Initialize(Action<Tensor> weight)
    {
        foreach (Linear linear in _attention.Linears.Concat(_mlp.Linears))
        {
            weight(linear.weight!);
            Initialization.Constant(linear.bias!, 0);
        }
    }

    internal static long MultiplyAdds(long tokens, long width, long hidden) =>
        tokens * width * 4 * width + 2 * tokens * tokens * width + 2 * tokens * width * hidden;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _norm1.Dispose();
            _attention.Dispose();
            _norm2.Dispose();
            _mlp.Dispose();
            _dropout.Dispose();
            _dropPath.Dispose();
        }

        base.Dispose(disposing);
    }

    private Tensor Branch(Tensor branch) => _dropPath.call(_dropout.call(branch));
}
