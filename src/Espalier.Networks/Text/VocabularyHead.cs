using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>
/// Logits over the vocabulary, H Eᵀ + b with the tied embedding E, or with a matrix of its own; BERT's layers before it where asked for.
/// BERT's names.
/// </summary>
public sealed class VocabularyHead : Module<Tensor, Tensor>
{
    [ComponentName(Name = "bias")]
    private readonly Parameter _bias;

    [ComponentName(Name = "weight")]
    private readonly Parameter? _weight;

    [ComponentName(Name = "transform")]
    private readonly VocabularyTransform? _transform;

    // Not the encoder itself: a field with a module would become a child, and its weights stand in the state dict twice.
    private readonly Func<Tensor> _embedding;

    internal VocabularyHead(TextEncoder encoder, MlmHead kind, double normEps, bool tied) : base(nameof(VocabularyHead))
    {
        OptionsException.Require(!tied || encoder.TokenEmbedding.shape[1] == encoder.Width, "embeddingSize", encoder.TokenEmbedding.shape[1], $"must be {encoder.Width}, as wide as the states: the head of a language model is its embedding");
        if (!tied)
        {
            _weight = new Parameter(torch.zeros(encoder.Vocabulary, encoder.Width));
            _weight.DetachFromDisposeScope();
        }

        _embedding = _weight is { } own ? () => own : () => encoder.TokenEmbedding;
        Kind = kind;
        _bias = new Parameter(torch.zeros(encoder.Vocabulary));
        _bias.DetachFromDisposeScope();
        _transform = kind == MlmHead.BertTransform ? new VocabularyTransform(encoder.Width, normEps) : null;
        register_parameter("bias", _bias);
        if (_weight is not null)
            register_parameter("weight", _weight);
        if (_transform is not null)
            register_module("transform", _transform);
    }

    /// <summary>What stands before the vocabulary.</summary>
    public MlmHead Kind { get; }

    /// <summary>Whether its matrix is the embedding.</summary>
    public bool IsTied => _weight is null;

    /// <summary>b, [V].</summary>
    public Parameter Bias => _bias;

    /// <summary>BERT's layers; null where there are none.</summary>
    public VocabularyTransform? Transform => _transform;

    /// <param name="input">Hidden states, [..., d].</param>
    /// <returns>[..., V].</returns>
    public override Tensor forward(Tensor input) => functional.linear(_transform is null ? input : _transform.call(input), _embedding(), _bias);

    internal void Initialize(torch.Generator generator)
    {
        _transform?.Initialize(generator);
        if (_weight is not null)
            Initialization.Normal(_weight, 0.02, generator);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _bias.Dispose();
            _weight?.Dispose();
            _transform?.Dispose();
        }

        base.Dispose(disposing);
    }
}
