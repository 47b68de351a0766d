using Espalier.Errors;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Layers;

namespace Espalier.Networks.Encoders;

/// <summary>Which encoder, and its shape.</summary>
public sealed record EncoderOptions
{
    /// <summary><c>conv</c>, <c>mlp</c> or <c>gmlp</c>.</summary>
    public string Name { get; init; } = "conv";

    /// <summary>For <c>conv</c>: channels of each 3x3 convolution; the last one is the number of features.</summary>
    public IReadOnlyList<int> Channels { get; init; } = [32, 64, 128];

    /// <summary>For <c>conv</c>: stride of each convolution.</summary>
    public IReadOnlyList<int> Strides { get; init; } = [2, 2, 1];

    /// <summary>For <c>mlp</c>: width of each layer; the last one is the number of features.</summary>
    public IReadOnlyList<int> Widths { get; init; } = [128, 128];

    /// <summary>For <c>gmlp</c>: its shape; <c>dModel</c> is the number of features.</summary>
    public GmlpVisionOptions Gmlp { get; init; } = new();

    /// <summary>What is subtracted from the inputs first: one value, or one per channel (<c>mlp</c>: one value).</summary>
    public IReadOnlyList<double> InputMean { get; init; } = [0];

    /// <summary>What the inputs are then divided by: one value, or one per channel, above zero.</summary>
    public IReadOnlyList<double> InputStd { get; init; } = [1];

    /// <summary>The encoders by name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["conv", "mlp", "gmlp"];

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="NotFoundException">There is no encoder of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        if (!Names.Contains(Name))
            throw new NotFoundException("encoder", Name, Names);
        OptionsException.Require(Channels.Count > 0 && Channels.All(c => c >= 1), nameof(Channels), string.Join(", ", Channels), "must hold numbers of at least 1");
        OptionsException.Require(Strides.Count == Channels.Count && Strides.All(s => s >= 1), nameof(Strides), string.Join(", ", Strides), "must hold one stride of at least 1 per convolution");
        OptionsException.Require(Widths.Count > 0 && Widths.All(w => w >= 1), nameof(Widths), string.Join(", ", Widths), "must hold widths of at least 1");
        OptionsException.Within("gmlp", Gmlp.Validate);
        Standardization.Validate(InputMean, InputStd, null, "channel");
    }

    /// <summary>Makes the encoder.</summary>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <returns>In training mode, on the CPU; the caller's.</returns>
    /// <exception cref="OptionsException">A value is out of its range or contradicts the data.</exception>
    /// <exception cref="ShapeException">The encoder does not take inputs of that shape.</exception>
    public Encoder Create(IReadOnlyList<long> inputShape, int seed)
    {
        Validate();
        return Name switch
        {
            "mlp" => new MlpEncoder(this, checked((int)inputShape.Aggregate(1L, (a, b) => a * b)), seed),
            "gmlp" => new GmlpEncoder(this, inputShape, seed),
            _ => new ConvEncoder(this, inputShape, seed),
        };
    }
}
