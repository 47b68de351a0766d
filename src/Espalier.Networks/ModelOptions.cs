using Espalier.Errors;
using Espalier.Networks.Density;
using Espalier.Networks.Encoders;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Mlp;
using Espalier.Networks.Text;
using Espalier.Networks.Vision;

namespace Espalier.Networks;

/// <summary>Which network, and its shape: the <c>model</c> section of a recipe.</summary>
public sealed record ModelOptions
{
    /// <summary>
    /// A family, for images <c>gmlp</c>, <c>vit</c>, <c>mixer</c>, <c>resmlp</c>, <c>resnet</c>, <c>wrn</c>, <c>allconv</c>, <c>cnn</c>, for text <c>gmlp_text</c>, <c>bert</c>, <c>gpt</c>, <c>gru</c>,
    /// for anything <c>mlp</c> and <c>encoder</c>, as a density of grey images <c>pixelcnn</c>; or a preset such as <c>gmlp_s16_224</c>, <c>deit_small</c>, <c>bert_base</c>.
    /// </summary>
    public string Name { get; init; } = "gmlp";

    /// <summary>
    /// The shape of <c>gmlp</c>. A preset (<c>gmlp_s16_224</c>) overrides its patch size, widths, layers and survival
    /// probability.
    /// </summary>
    public GmlpVisionOptions Gmlp { get; init; } = new();

    /// <summary>The shape of <c>vit</c>. A preset overrides its patch size, width, heads and layers.</summary>
    public VitOptions Vit { get; init; } = new();

    /// <summary>The shape of <c>mixer</c>. A preset overrides its patch size, widths and layers.</summary>
    public MixerOptions Mixer { get; init; } = new();

    /// <summary>The shape of <c>resmlp</c>. A preset overrides its patch size, widths and layers.</summary>
    public ResMlpOptions ResMlp { get; init; } = new();

    /// <summary>The shape of <c>resnet</c>. A preset overrides its blocks, width and stem.</summary>
    public ResNetOptions ResNet { get; init; } = new();

    /// <summary>The shape of <c>wrn</c>. A preset overrides its depth, width and dropout.</summary>
    public WideResNetOptions Wrn { get; init; } = new();

    /// <summary>The shape of <c>allconv</c>.</summary>
    public AllConvNetOptions AllConv { get; init; } = new();

    /// <summary>The shape of <c>cnn</c>. A preset overrides its layers.</summary>
    public ConvNetOptions Cnn { get; init; } = new();

    /// <summary>The shape of <c>mlp</c>.</summary>
    public MlpOptions Mlp { get; init; } = new();

    /// <summary>The shape of <c>encoder</c>: an encoder with a linear head.</summary>
    public EncoderOptions Encoder { get; init; } = new();

    /// <summary>The shape of <c>gmlp_text</c>. A preset overrides its widths, layers and attention.</summary>
    public GmlpTextOptions GmlpText { get; init; } = new();

    /// <summary>The shape of <c>bert</c>. A preset overrides its width, heads and layers.</summary>
    public BertOptions Bert { get; init; } = new();

    /// <summary>The shape of <c>gpt</c>. A preset overrides its width, heads and layers.</summary>
    public GptOptions Gpt { get; init; } = new();

    /// <summary>The shape of <c>gru</c>.</summary>
    public GruOptions Gru { get; init; } = new();

    /// <summary>The shape of <c>pixelcnn</c>.</summary>
    public PixelCnnOptions PixelCnn { get; init; } = new();

    /// <summary>For text: what stands on top of the network.</summary>
    public TextHeadOptions TextHead { get; init; } = new();

    /// <summary>
    /// What the training starts from: a run, a safetensors file or a file of <c>torch.save</c>, in the network's own names; random
    /// weights where null. A head for other classes starts afresh; of <c>encoder</c> and of networks for text only the
    /// encoder is taken.
    /// </summary>
    public string? Weights { get; init; }

    /// <summary>Whether to start from the averaged weights of <see cref="Weights"/>; where null, if there are any.</summary>
    public bool? WeightsAveraged { get; init; }

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="NotFoundException">There is no network of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range; the option's name carries its section.</exception>
    public void Validate()
    {
        ModelOptions resolved = ModelPresets.Resolve(this);
        OptionsException.Within("gmlp", resolved.Gmlp.Validate);
        OptionsException.Within("vit", resolved.Vit.Validate);
        OptionsException.Within("mixer", resolved.Mixer.Validate);
        OptionsException.Within("resMlp", resolved.ResMlp.Validate);
        OptionsException.Within("resNet", resolved.ResNet.Validate);
        OptionsException.Within("wrn", resolved.Wrn.Validate);
        OptionsException.Within("allConv", resolved.AllConv.Validate);
        OptionsException.Within("cnn", resolved.Cnn.Validate);
        OptionsException.Within("mlp", Mlp.Validate);
        OptionsException.Within("encoder", Encoder.Validate);
        OptionsException.Within("gmlpText", resolved.GmlpText.Validate);
        OptionsException.Within("bert", resolved.Bert.Validate);
        OptionsException.Within("gpt", resolved.Gpt.Validate);
        OptionsException.Within("gru", Gru.Validate);
        OptionsException.Within("pixelCnn", PixelCnn.Validate);
        OptionsException.Within("textHead", TextHead.Validate);
    }
}
