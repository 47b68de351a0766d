using Espalier.Errors;
using TorchSharp.Utils;

namespace Espalier.Networks.Text;

/// <summary>Guesses masked tokens (Devlin et al. 2019): an encoder with a vocabulary head tied to its embedding.</summary>
public sealed class MaskedLanguageModel : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly TextEncoder _encoder;

    [ComponentName(Name = "cls")]
    private readonly PredictionHeads _heads;

    /// <summary>Creates the model.</summary>
    /// <param name="encoder">The network; from now on the model's.</param>
    /// <param name="head">What stands before the vocabulary.</param>
    /// <param name="seed">Of the head's weights.</param>
    /// <param name="tied">Whether the head's matrix is the embedding, as in BERT; else it has one of its own.</param>
    /// <exception cref="OptionsException">The encoder is causal.</exception>
    public MaskedLanguageModel(TextEncoder encoder, MlmHead head = MlmHead.Plain, int seed = 0, bool tied = true) : base(nameof(MaskedLanguageModel))
    {
        OptionsException.Require(!encoder.Causal, "causal", true, "must be false for a masked language model: it looks both ways");
        _encoder = encoder;
        _heads = new PredictionHeads(new VocabularyHead(encoder, head, encoder is BertEncoder ? 1e-12 : 1e-5, tied));
        register_module(encoder.ChildName, _encoder);
        register_module("cls", _heads);
        using var generator = new torch.Generator(unchecked((ulong)seed + 1));
        _heads.Predictions.Initialize(generator);
    }

    /// <summary>The network below the head.</summary>
    public TextEncoder Encoder => _encoder;

    /// <summary>The head.</summary>
    public VocabularyHead Head => _heads.Predictions;

    /// <param name="input">Token ids, [batch, m].</param>
    /// <returns>Logits, [batch, m, V].</returns>
    public override Tensor forward(Tensor input) => Project(_encoder.call(input));

    /// <summary>Logits of some tokens: with a large vocabulary most of a step is spent here, so give only those that count.</summary>
    /// <param name="hidden">Hidden states, [..., d].</param>
    /// <returns>[..., V].</returns>
    public Tensor Project(Tensor hidden) => _heads.call(hidden);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _encoder.Dispose();
            _heads.Dispose();
        }

        base.Dispose(disposing);
    }
}
