namespace Espalier.Errors;

/// <summary>Something asked for by name does not exist: a data set, a model, a recipe, a run.</summary>
public sealed class NotFoundException : EspalierException
{
    /// <summary>Creates the error; the remedy names the nearest known names.</summary>
    /// <param name="kind">What was asked for, such as <c>data set</c>.</param>
    /// <param name="name">The name asked for.</param>
    /// <param name="known">The names that exist.</param>
    public NotFoundException(string kind, string name, IEnumerable<string> known)
        : base($"there is no {kind} '{name}'", Suggestion.For(name, known))
    {
        Kind = kind;
        Name = name;
    }

    /// <summary>What was asked for.</summary>
    public string Kind { get; }

    /// <summary>The name asked for.</summary>
    public string Name { get; }
}
