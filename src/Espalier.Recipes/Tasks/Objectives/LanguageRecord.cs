namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What the evaluation of a language model leaves in <c>stages/language.json</c>.</summary>
/// <param name="IsMasked">Whether hidden tokens were to be found; else the next ones.</param>
/// <param name="Vocabulary">Number of tokens, special ones included.</param>
/// <param name="Rows">Rows of tokens of the test split.</param>
/// <param name="Raw">The numbers of the weights as trained, or of those asked for.</param>
/// <param name="Ema">The numbers of the averaged weights, or null without an EMA.</param>
public sealed record LanguageRecord(bool IsMasked, int Vocabulary, int Rows, LanguageNumbers Raw, LanguageNumbers? Ema);
