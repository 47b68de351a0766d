namespace Espalier.Errors;

/// <summary>A recipe cannot be read: broken JSON, an unknown key, a value of the wrong type.</summary>
public sealed class RecipeException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="recipe">The recipe's name or file.</param>
    /// <param name="problem">What is wrong, naming the key.</param>
    /// <param name="remedy">How to mend it.</param>
    /// <param name="inner">What it was caused by.</param>
    public RecipeException(string recipe, string problem, string remedy, Exception? inner = null)
        : base($"recipe {recipe}: {problem}", remedy, inner) => Recipe = recipe;

    /// <summary>The recipe's name or file.</summary>
    public string Recipe { get; }
}
