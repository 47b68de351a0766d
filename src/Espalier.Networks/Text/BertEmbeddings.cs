using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>LayerNorm(word + position + segment) with dropout; Hugging Face's names.</summary>
public sealed class BertEmbeddings : Module<Tensor, Tensor>
{
    [ComponentName(Name = "word_embeddings")]
    private readonly Embedding _words;

    [ComponentName(Name = "position_embeddings")]
    private readonly Embedding? _positions;

    [ComponentName(Name = "token_type_embeddings")]
    private readonly Embedding? _segments;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm? _norm;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    internal BertEmbeddings(BertOptions options) : base(nameof(BertEmbeddings))
    {
        _words = Embedding(options.Vocabulary!.Value, options.DModel);
        _positions = options.Positions == PositionKind.Learned ? Embedding(options.MaxLength!.Value, options.DModel) : null;
        _segments = options.Segments > 0 ? Embedding(options.Segments, options.DModel) : null;
        _norm = options.PreNorm ? null : LayerNorm(options.DModel, options.NormEps);
        _dropout = new SampleDropout(options.Dropout);
        register_module("word_embeddings", _words);
        if (_positions is not null)
            register_module("position_embeddings", _positions);
        if (_segments is not null)
            register_module("token_type_embeddings", _segments);
        if (_norm is not null)
            register_module("LayerNorm", _norm);
        register_module("dropout", _dropout);
    }

    /// <summary>The word embedding, [V, d].</summary>
    public Tensor Words => _words.weight!;

    /// <summary>The position embedding, [n, d]; null where positions are known otherwise.</summary>
    public Tensor? Positions => _positions?.weight;

    /// <summary>The segment embedding, [segments, d]; null where there is none.</summary>
    public Tensor? Segments => _segments?.weight;

    /// <summary>The norm; null in a pre-norm network.</summary>
    public LayerNorm? Norm => _norm;

    /// <param name="input">Token ids of one segment, [batch, m].</param>
    /// <returns>[batch, m, d].</returns>
    public override Tensor forward(Tensor input) => Embed(input, _segments is null ? null : torch.zeros_like(input));

    /// <summary>The embedding of tokens.</summary>
    /// <param name="ids">[batch, m].</param>
    /// <param name="segments">[batch, m]; null where segments are not told apart.</param>
    /// <returns>[batch, m, d].</returns>
    public Tensor Embed(Tensor ids, Tensor? segments)
    {
        Tensor x = _words.call(ids);
        if (_segments is not null && segments is not null)
            x = x + _segments.call(segments);
        if (_positions is not null)
            x = x + _positions.weight!.narrow(0, 0, ids.shape[1]);
        return _dropout.call(_norm is null ? x : _norm.call(x));
    }

    internal void Initialize(torch.Generator generator)
    {
        foreach (Embedding? embedding in (Embedding?[])[_words, _positions, _segments])
        {
            if (embedding is not null)
                Initialization.Normal(embedding.weight!, 0.02, generator);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _words.Dispose();
            _positions?.Dispose();
            _segments?.Dispose();
            _norm?.Dispose();
            _dropout.Dispose();
        }

        base.Dispose(disposing);
    }
}
