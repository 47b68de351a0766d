namespace Espalier.Networks;

/// <summary>Which network, and its shape: the <c>model</c> section of a recipe.</summary>
public sealed record ModelOptions
{
    /// <summary><c>gmlp</c>, <c>mlp</c>, <c>encoder</c>, or a preset of the paper: <c>gmlp_ti16_224</c>, <c>gmlp_s16_224</c>, <c>gmlp_b16_224</c>.</summary>
    public string Name { get; init; } = "gmlp";

    /// <summary>
    /// The shape of <c>gmlp</c>. A preset (<c>gmlp_s16_224</c>) overrides its patch size, widths, layers and survival
    /// probability.
    /// </summary>
    public GmlpVisionOptions Gmlp { get; init; } = new();

    /// <summary>The shape of <c>mlp</c>.</summary>
    public MlpOptions Mlp { get; init; } = new();

    /// <summary>The shape of <c>encoder</c>: an encoder with a linear head.</summary>
    public EncoderOptions Encoder { get; init; } = new();

    /// <summary>For <c>encoder</c>: the run or the safetensors file whose encoder the training starts from; random weights where null.</summary>
    public string? Weights { get; init; }

    /// <summary>Whether to start from the averaged weights of <see cref="Weights"/>; where null, if there are any.</summary>
    public bool? WeightsAveraged { get; init; }

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range; the option's name carries its section.</exception>
    public void Validate() => ModelZoo.Validate(this);
}
