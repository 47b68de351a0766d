using Espalier.Errors;
using Espalier.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Espalier.Onnx.Classification;

/// <summary>What a model's input looks like, and how a batch in Espalier's form becomes one.</summary>
internal sealed class OnnxInputForm
{
    private readonly OnnxClassifierOptions _options;
    private readonly torch.ScalarType _type;
    private readonly double _scale;

    private OnnxInputForm(string name, torch.ScalarType type, IReadOnlyList<long> inputShape, int? fixedBatch, OnnxClassifierOptions options)
    {
        (Name, _type, InputShape, FixedBatch, _options) = (name, type, inputShape, fixedBatch, options);
        _scale = options.Scale ?? (type == torch.ScalarType.Byte ? byte.MaxValue : 1);
    }

    public string Name { get; }

    /// <summary>Shape of one input in Espalier's form.</summary>
    public IReadOnlyList<long> InputShape { get; }

    /// <summary>The batch size that the file fixes, or null.</summary>
    public int? FixedBatch { get; }

    public static OnnxInputForm Of(string path, OnnxSession session, OnnxClassifierOptions options)
    {
        string name = Chosen(path, session.Inputs, options.Input);
        NodeMetadata input = session.Inputs[name];
        if (!input.IsTensor || !OrtElement.Has(input.ElementDataType))
            throw new CheckpointException(path, $"input '{name}' is no tensor of numbers", "export the model with a tensor as its input");
        long[] dimensions = [.. input.Dimensions.Select(d => (long)d)];
        if (dimensions.Length < 2)
            throw new CheckpointException(path, $"input '{name}' has shape [{Text(dimensions)}]", "export the model with a batch dimension");
        int? batch = dimensions[0] > 0 ? checked((int)dimensions[0]) : null;
        long[] stored = dimensions[1..];
        long[] wanted = options.InputShape is { } given ? [.. given] : ToEspalier(stored, options.Layout);
        if (wanted.Any(d => d <= 0))
            throw new OptionsException("inputShape", null, $"must be given: the model leaves it open, [{Text(dimensions)}]");
        long[] agreed = ToModel(wanted, options.Layout);
        bool fits = agreed.Length == stored.Length && agreed.Zip(stored).All(p => p.Second <= 0 || p.First == p.Second);
        OptionsException.Require(fits, "inputShape", $"[{Text(wanted)}]", $"must fit the model's input [{Text(dimensions)}] in the layout {options.Layout}");
        long channels = wanted[0];
        foreach ((string option, IReadOnlyList<double> values) in (ReadOnlySpan<(string, IReadOnlyList<double>)>)[("mean", options.Mean), ("std", options.Std)])
            OptionsException.Require(values.Count == 1 || values.Count == channels, option, $"{values.Count} values", $"must hold one value, or one for each of {channels} channels");
        OptionsException.Require(options.ChannelOrder == ChannelOrder.Rgb || channels == 3, "channelOrder", options.ChannelOrder, $"must be rgb: the model has {channels} channels");
        return new(name, OrtElement.Of(input.ElementDataType), wanted, batch, options);
    }

    /// <summary>A batch as the model wants it.</summary>
    /// <param name="inputs">[n, ...<see cref="InputShape"/>], n at most <see cref="FixedBatch"/>.</param>
    public Tensor Prepared(Tensor inputs)
    {
        Tensor x = inputs.detach().cpu().to(_type == torch.ScalarType.Float64 ? torch.float64 : torch.float32);
        if (_options.ChannelOrder == ChannelOrder.Bgr)
            x = x.flip(1);
        if (_scale != 1)
            x = x * _scale;
        if (_options.Mean.Any(m => m != 0))
            x = x - PerChannel(_options.Mean, x);
        if (_options.Std.Any(s => s != 1))
            x = x / PerChannel(_options.Std, x);
        if (_options.Layout == TensorLayout.ChannelsLast && x.dim() == 4)
            x = x.permute(0, 2, 3, 1);
        if (_type == torch.ScalarType.Byte)
            x = x.round().clamp(byte.MinValue, byte.MaxValue);
        x = x.to(_type);
        if (FixedBatch is { } size && x.shape[0] < size)
            x = torch.cat([x, torch.zeros([size - x.shape[0], .. x.shape[1..]], dtype: x.dtype)]);
        return x;
    }

    // The model's own order of channels: the values belong to what it sees.
    private static Tensor PerChannel(IReadOnlyList<double> values, Tensor like)
    {
        Tensor flat = torch.tensor(values.ToArray(), dtype: like.dtype);
        return flat.reshape([1, values.Count, .. Enumerable.Repeat(1L, (int)like.dim() - 2)]);
    }

    private static string Chosen(string path, IReadOnlyDictionary<string, NodeMetadata> inputs, string? wanted)
    {
        if (inputs.Count > 1)
            throw new CheckpointException(path, $"takes {inputs.Count} inputs: {string.Join(", ", inputs.Keys)}", "a classifier here takes one: export the model with the others fixed");
        if (wanted is not null && !inputs.ContainsKey(wanted))
            throw new NotFoundException("input of the model", wanted, inputs.Keys);
        return wanted ?? inputs.Keys.Single();
    }

    private static long[] ToEspalier(long[] shape, TensorLayout layout) =>
        layout == TensorLayout.ChannelsLast && shape is [var height, var width, var channels] ? [channels, height, width] : shape;

    private static long[] ToModel(long[] shape, TensorLayout layout) =>
        layout == TensorLayout.ChannelsLast && shape is [var channels, var height, var width] ? [height, width, channels] : shape;

    private static string Text(long[] shape) => string.Join(", ", shape.Select(s => s <= 0 ? "?" : s.ToString(System.Globalization.CultureInfo.InvariantCulture)));
}
