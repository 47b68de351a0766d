using Espalier.Errors;

namespace Espalier.Networks.Text;

/// <summary>The shape of a <see cref="BertEncoder"/>. The defaults are BERT-base (Devlin et al. 2019).</summary>
public sealed record BertOptions
{
    /// <summary>Size V of the vocabulary; null takes the tokenizer's.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>The longest input n in tokens (512 in the published models); null takes the data's.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Channels d.</summary>
    public int DModel { get; init; } = 768;

    /// <summary>Channels inside a block's feed-forward layers; null is 4d.</summary>
    public int? DFfn { get; init; }

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Number of attention heads; divides d.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Kinds of segments that an embedding tells apart.</summary>
    public int Segments { get; init; } = 2;

    /// <summary>Whether a block normalises the input of its branches rather than their sum.</summary>
    public bool PreNorm { get; init; }

    /// <summary>How positions are known.</summary>
    public PositionKind Positions { get; init; }

    /// <summary>Whether queries and keys are left out, so that the softmax of the relative bias alone mixes the values (Liu et al. 2021, Table 3).</summary>
    public bool PositionOnly { get; init; }

    /// <summary>Whether it brings along tanh(dense(h_CLS)); a language model has no use for it.</summary>
    public bool Pooler { get; init; } = true;

    /// <summary>Probability that a hidden value or an attention weight is zeroed in training, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Epsilon of the LayerNorms.</summary>
    public double NormEps { get; init; } = 1e-12;

    /// <summary>Channels inside a block's feed-forward layers.</summary>
    internal int Hidden => DFfn ?? 4 * DModel;

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Vocabulary is null or >= 1, nameof(Vocabulary), Vocabulary, "must be at least 1");
        OptionsException.Require(MaxLength is null or >= 1, nameof(MaxLength), MaxLength, "must be at least 1");
        OptionsException.Require(DModel >= 1, nameof(DModel), DModel, "must be at least 1");
        OptionsException.Require(DFfn is null or >= 1, nameof(DFfn), DFfn, "must be at least 1");
        OptionsException.Require(Layers >= 1, nameof(Layers), Layers, "must be at least 1");
        OptionsException.Require(Heads >= 1 && DModel % Heads == 0, nameof(Heads), Heads, $"must divide dModel ({DModel})");
        OptionsException.Require(Segments >= 0, nameof(Segments), Segments, "must not be negative");
        OptionsException.Require(!PositionOnly || Positions == PositionKind.RelativeBias, nameof(PositionOnly), PositionOnly, "needs positions relativeBias: there is nothing else to mix by");
        NetworkSize.Require(nameof(DModel), DModel, Layers, (4.0 * DModel * DModel) + (2.0 * DModel * (DFfn ?? 4.0 * DModel)));
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
        OptionsException.Require(NormEps > 0, nameof(NormEps), NormEps, "must be above 0");
    }
}
