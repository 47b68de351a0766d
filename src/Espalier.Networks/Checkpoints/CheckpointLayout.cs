using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;

namespace Espalier.Networks.Checkpoints;

/// <summary>Whose names a file of weights uses.</summary>
public enum CheckpointLayout
{
    /// <summary>The network's own: timm's for gMLP, ViT, Mixer and ResMLP, torchvision's for ResNet, Hugging Face's for BERT.</summary>
    Native,

    /// <summary>Hugging Face's BERT in all its spellings: with or without <c>bert.</c>, gamma and beta for weight and bias, tied decoder.</summary>
    HuggingFaceBert,

    /// <summary>gMLP for text in lucidrains/g-mlp-pytorch, of the current release and those before the token shift, into a language model with an untied head, or into a <see cref="GmlpTextEncoder"/> without it.</summary>
    LucidrainsGmlpText,

    /// <summary>ResMLP as Facebook published it.</summary>
    FacebookResMlp,

    /// <summary>The small networks for MNIST of TRADES, in two parts, <c>feature_extractor</c> and <c>classifier</c>, into a <see cref="ConvNet"/>.</summary>
    TradesSmallCnn,

    /// <summary>The network's own names with underscores for dots, as archives of NumPy often have them: <c>conv1_weight</c>.</summary>
    Underscores,
}
