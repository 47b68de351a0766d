using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Networks.Encoders;

/// <summary>An encoder with a linear head: what fine-tuning trains, and what a linear probe comes to.</summary>
public sealed class EncoderClassifier : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly Encoder _encoder;

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    /// <summary>Puts a head on an encoder.</summary>
    /// <param name="encoder">Belongs to this network from now on.</param>
    /// <param name="classes">Number of classes, at least 2.</param>
    /// <param name="seed">The head's weights are a function of its shape and this seed.</param>
    /// <exception cref="OptionsException">Fewer than two classes.</exception>
    public EncoderClassifier(Encoder encoder, int classes, int seed = 0) : base(nameof(EncoderClassifier))
    {
        OptionsException.Require(classes >= 2, nameof(classes), classes, "must be at least 2");
        _encoder = encoder;
        _head = torch.nn.Linear(encoder.Features, classes);
        using var generator = new torch.Generator(unchecked((ulong)seed ^ 0x68656164));
        Initialization.Default(_head, generator);
        register_module("encoder", _encoder);
        register_module("head", _head);
    }

    /// <summary>The encoder.</summary>
    public Encoder Encoder => _encoder;

    /// <summary>The head, from features to logits.</summary>
    public Linear Head => _head;

    /// <param name="input">[batch, ...].</param>
    /// <returns>Logits, [batch, classes].</returns>
    public override Tensor forward(Tensor input) => _head.call(_encoder.call(input));

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
