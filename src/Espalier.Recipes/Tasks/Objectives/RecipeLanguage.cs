using Espalier.Language.Tokenizers;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>How a recipe's text was tokenised.</summary>
/// <param name="Tokenizer">The tokenizer.</param>
/// <param name="CharactersPerToken">Characters over tokens of the test part.</param>
public sealed record RecipeLanguage(Tokenizer Tokenizer, double CharactersPerToken)
{
    /// <summary>Whether samples are windows of running text; else each is a document.</summary>
    public bool IsWindows { get; init; }
}
