using Espalier.Errors;
using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>Guesses the next token: a causal encoder with a vocabulary head tied to its embedding.</summary>
public sealed class CausalLanguageModel : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly TextEncoder _encoder;

    [ComponentName(Name = "head")]
    private readonly VocabularyHead _head;

    /// <summary>Creates the model.</summary>
    /// <param name="encoder">The network; from now on the model's.</param>
    /// <param name="tied">Whether the head's matrix is the embedding, as in GPT-2; else it has one of its own.</param>
    /// <param name="seed">Of the head's weights.</param>
    /// <exception cref="OptionsException">The encoder is not causal.</exception>
    public CausalLanguageModel(TextEncoder encoder, bool tied = true, int seed = 0) : base(nameof(CausalLanguageModel))
    {
        OptionsException.Require(encoder.Causal, "causal", false, "must be true for a causal language model: it must not see what it guesses");
        _encoder = encoder;
        _head = new VocabularyHead(encoder, MlmHead.Plain, 1e-5, tied);
        register_module("encoder", _encoder);
        register_module("head", _head);
        using var generator = new torch.Generator(unchecked((ulong)seed + 1));
        _head.Initialize(generator);
    }

    /// <summary>The network below the head.</summary>
    public TextEncoder Encoder => _encoder;

    /// <param name="input">Token ids, [batch, m].</param>
    /// <returns>Logits of the token after each, [batch, m, V].</returns>
    public override Tensor forward(Tensor input) => Project(_encoder.call(input));

    /// <summary>Logits of some tokens.</summary>
    /// <param name="hidden">Hidden states, [..., d].</param>
    /// <returns>[..., V].</returns>
    public Tensor Project(Tensor hidden) => _head.call(hidden);

    /// <summary>Starts decoding token by token, each at the cost of one token.</summary>
    /// <returns>With no token yet; the caller's.</returns>
    public IncrementalDecoding StartDecoding() => new(this);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _encoder.Dispose();
            _head.Dispose();
        }

        base.Dispose(disposing);
    }
}
