namespace Espalier.Anomaly.Exposure;

/// <summary>What of a language model tells foreign text.</summary>
public enum LanguageScore
{
    /// <summary>-H(U; p_t), averaged over the positions: how near to nothing in particular the model's guesses are. What the released code evaluates; for exposed models.</summary>
    Uniform,

    /// <summary>Bits of a token under the model. What the paper's text says.</summary>
    BitsPerToken,
}
