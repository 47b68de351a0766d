using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Text;

/// <summary>Classifies texts: an encoder, a pooling, dropout and a linear layer (Devlin et al. 2019).</summary>
public sealed class SequenceClassifier : Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly TextEncoder _encoder;

    [ComponentName(Name = "pooler")]
    private readonly TextPooler? _pooler;

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "classifier")]
    private readonly Linear _classifier;

    /// <summary>Creates the model.</summary>
    /// <param name="encoder">The network; from now on the model's.</param>
    /// <param name="classes">Number of classes, at least 2.</param>
    /// <param name="pooling">How one vector is made of the tokens'.</param>
    /// <param name="dropout">Probability that a value of it is zeroed in training, in [0, 1).</param>
    /// <param name="seed">Of the head's weights.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public SequenceClassifier(TextEncoder encoder, int classes, SequencePooling pooling = SequencePooling.FirstToken, double dropout = 0.1, int seed = 0) : base(nameof(SequenceClassifier))
    {
        OptionsException.Require(classes >= 2, nameof(classes), classes, "must be at least 2");
        (_encoder, Pooling, Classes) = (encoder, pooling, classes);
        _pooler = pooling == SequencePooling.FirstToken && encoder.Pooler is null ? new TextPooler(encoder.Width) : null;
        _dropout = new SampleDropout(dropout);
        _classifier = Linear(encoder.Width, classes);
        register_module(encoder.ChildName, _encoder);
        if (_pooler is not null)
            register_module("pooler", _pooler);
        register_module("dropout", _dropout);
        register_module("classifier", _classifier);
        using var generator = new torch.Generator(unchecked((ulong)seed + 1));
        _pooler?.Initialize(generator);
        Initialization.Normal(_classifier.weight!, 0.02, generator);
        Initialization.Constant(_classifier.bias!, 0);
    }

    /// <summary>The network below the head.</summary>
    public TextEncoder Encoder => _encoder;

    /// <summary>How one vector is made of the tokens'.</summary>
    public SequencePooling Pooling { get; }

    /// <summary>Number of classes.</summary>
    public int Classes { get; }

    /// <param name="input">Token ids, [batch, m].</param>
    /// <returns>Logits, [batch, classes].</returns>
    public override Tensor forward(Tensor input) => _classifier.call(_dropout.call(Features(input)));

    /// <summary>One vector per text: what the last layer reads.</summary>
    /// <param name="ids">Token ids, [batch, m].</param>
    /// <returns>[batch, d].</returns>
    public Tensor Features(Tensor ids)
    {
        Tensor hidden = _encoder.call(ids);
        if (Pooling == SequencePooling.FirstToken)
            return (_encoder.Pooler ?? _pooler!).call(hidden);
        if (_encoder.PadToken is not { } pad)
            return Pooling == SequencePooling.LastToken ? hidden.select(1, hidden.shape[1] - 1) : hidden.mean([1]);
        Tensor real = ids.ne(pad).to(hidden.dtype).unsqueeze(2);
        if (Pooling == SequencePooling.LastToken)
        {
            // A token is the last one where none of those after it is real.
            Tensor later = real.sum([1], keepdim: true) - real.cumsum(1);
            return (hidden * (real * (1 - later.clamp_max(1)))).sum([1]);
        }

        return (hidden * real).sum([1]) / real.sum([1]).clamp_min(1);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _encoder.Dispose();
            _pooler?.Dispose();
            _dropout.Dispose();
            _classifier.Dispose();
        }

        base.Dispose(disposing);
    }
}
