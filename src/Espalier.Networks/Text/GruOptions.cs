using Espalier.Errors;

namespace Espalier.Networks.Text;

/// <summary>The shape of a <see cref="GruEncoder"/>. The defaults are the classifier of texts of Hendrycks et al. 2019 (Outlier Exposure).</summary>
public sealed record GruOptions
{
    /// <summary>Size V of the vocabulary; null takes the tokenizer's.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>The longest input n in tokens; null takes the data's.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Channels of the token embedding.</summary>
    public int EmbeddingSize { get; init; } = 50;

    /// <summary>Channels d of the hidden state.</summary>
    public int HiddenSize { get; init; } = 128;

    /// <summary>Recurrent layers, one reading the states of the other.</summary>
    public int Layers { get; init; } = 2;

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Vocabulary is null or >= 1, nameof(Vocabulary), Vocabulary, "must be at least 1");
        OptionsException.Require(MaxLength is null or >= 1, nameof(MaxLength), MaxLength, "must be at least 1");
        OptionsException.Require(EmbeddingSize >= 1, nameof(EmbeddingSize), EmbeddingSize, "must be at least 1");
        OptionsException.Require(HiddenSize >= 1, nameof(HiddenSize), HiddenSize, "must be at least 1");
        OptionsException.Require(Layers >= 1, nameof(Layers), Layers, "must be at least 1");
    }
}
