using Espalier.Errors;
using Espalier.Networks.Gmlp;
using TorchSharp.Utils;

namespace Espalier.Networks.Encoders;

/// <summary>gMLP as encoder: the mean over the tokens after its last norm. Without batch norm.</summary>
public sealed class GmlpEncoder : Encoder
{
    [ComponentName(Name = "network")]
    private readonly GmlpVision _network;

    internal GmlpEncoder(EncoderOptions options, IReadOnlyList<long> inputShape, int seed)
        : base(nameof(GmlpEncoder), options.Gmlp.DModel)
    {
        if (inputShape is not [var channels, var height, var width])
            throw new ShapeException("an input", inputShape, "[channels, height, width]: gmlp takes images");
        GmlpVisionOptions filled = options.Gmlp with { Channels = (int)channels, ImageHeight = (int)height, ImageWidth = (int)width, Classes = 2, InputMean = options.InputMean, InputStd = options.InputStd };
        _network = OptionsException.Within("gmlp", () => new GmlpVision(filled, seed));
        register_module("network", _network);

        // The head is nobody's here: it must take part in no average, decay or gradient sum.
        foreach (var parameter in _network.Head.parameters())
            parameter.requires_grad_(false);
    }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, features].</returns>
    public override Tensor forward(Tensor input) => _network.ForwardFeatures(input).mean([1]);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _network.Dispose();
        base.Dispose(disposing);
    }
}
