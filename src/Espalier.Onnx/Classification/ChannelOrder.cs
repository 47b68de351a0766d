namespace Espalier.Onnx.Classification;

/// <summary>The order of an image's colours.</summary>
public enum ChannelOrder
{
    /// <summary>Red, green, blue.</summary>
    Rgb,

    /// <summary>Blue, green, red, as models from OpenCV and Caffe have it.</summary>
    Bgr,
}
