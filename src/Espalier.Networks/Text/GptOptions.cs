using Espalier.Errors;

namespace Espalier.Networks.Text;

/// <summary>The shape of a <see cref="GptEncoder"/>. The defaults are GPT-2 small (Radford et al. 2019).</summary>
public sealed record GptOptions
{
    /// <summary>Size V of the vocabulary; null takes the tokenizer's.</summary>
    public int? Vocabulary { get; init; }

    /// <summary>The longest input n in tokens; null takes the data's.</summary>
    public int? MaxLength { get; init; }

    /// <summary>Channels d.</summary>
    public int DModel { get; init; } = 768;

    /// <summary>Channels inside a block's feed-forward layers; null is 4d.</summary>
    public int? DFfn { get; init; }

    /// <summary>Number of blocks.</summary>
    public int Layers { get; init; } = 12;

    /// <summary>Number of attention heads; divides d.</summary>
    public int Heads { get; init; } = 12;

    /// <summary>Whether a token sees only itself and those before it; false for a masked language model.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>How positions are known.</summary>
    public PositionKind Positions { get; init; }

    /// <summary>Probability that a value of an embedding, an attention weight or a value of a branch is zeroed in training, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>Epsilon of the LayerNorms.</summary>
    public double NormEps { get; init; } = 1e-5;

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
        NetworkSize.Require(nameof(DModel), DModel, Layers, (4.0 * DModel * DModel) + (2.0 * DModel * (DFfn ?? 4.0 * DModel)));
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
        OptionsException.Require(NormEps > 0, nameof(NormEps), NormEps, "must be above 0");
    }
}
