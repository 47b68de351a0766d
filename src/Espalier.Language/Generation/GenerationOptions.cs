using Espalier.Errors;

namespace Espalier.Language.Generation;

/// <summary>How text is written token by token.</summary>
public sealed record GenerationOptions
{
    /// <summary>The largest number of new tokens, at least 1.</summary>
    public int Length { get; init; } = 200;

    /// <summary>What logits are divided by: below 1 safer, above 1 wilder; 0 takes the most probable token each time. Not negative.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Only so many of the most probable tokens are drawn from, at least 1; all where null (Fan et al. 2018).</summary>
    public int? TopK { get; init; }

    /// <summary>Only the fewest tokens that together have this probability are drawn from, in (0, 1]; all where null (Holtzman et al. 2020).</summary>
    public double? TopP { get; init; }

    /// <summary>
    /// How much less likely tokens become that stand in the text already, at least 1: their logits are divided by it (Keskar
    /// et al. 2019, section 4.1), negative ones multiplied, which division would make likelier.
    /// </summary>
    public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Tokens that end the text; they are not part of it.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>Texts that end the text, where they begin.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>How many texts are written side by side, each with randomness of its own; at least 1.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>
    /// Beyond the model's length: whether to go on at the cost of one token where the model can, remembering more than a
    /// window; else each token is computed from the last window alone.
    /// </summary>
    public bool Streaming { get; init; }

    /// <summary>The seed: same model, prompt and options, same text.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Length >= 1, nameof(Length), Length, "must be at least 1");
        OptionsException.Require(Temperature >= 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "must be 0 or more");
        OptionsException.Require(TopK is null or >= 1, nameof(TopK), TopK, "must be at least 1");
        OptionsException.Require(TopP is null or (> 0 and <= 1), nameof(TopP), TopP, "must be above 0 and at most 1");
        OptionsException.Require(RepetitionPenalty >= 1 && double.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty, "must be at least 1");
        OptionsException.Require(StopTexts.All(t => t.Length > 0), nameof(StopTexts), "", "must hold texts of at least one character");
        OptionsException.Require(Samples >= 1, nameof(Samples), Samples, "must be at least 1");
    }
}
