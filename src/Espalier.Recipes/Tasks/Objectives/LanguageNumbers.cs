namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>How one set of weights does on the tokens of the test split.</summary>
/// <param name="Loss">Mean negative log-likelihood of a token, in nats.</param>
/// <param name="Perplexity">Its exponential.</param>
/// <param name="Accuracy">Share of tokens that scored highest.</param>
/// <param name="BitsPerCharacter">The loss in bits per character; null for a masked model.</param>
public sealed record LanguageNumbers(double Loss, double Perplexity, double Accuracy, double? BitsPerCharacter);
