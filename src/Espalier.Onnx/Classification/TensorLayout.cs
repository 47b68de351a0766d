namespace Espalier.Onnx.Classification;

/// <summary>The order of an image's dimensions.</summary>
public enum TensorLayout
{
    /// <summary>[batch, channels, height, width], as PyTorch and Espalier have it.</summary>
    ChannelsFirst,

    /// <summary>[batch, height, width, channels], as TensorFlow has it.</summary>
    ChannelsLast,
}
