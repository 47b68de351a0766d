namespace Espalier.Recipes.Engine;

/// <summary>The section <c>task</c> of a recipe.</summary>
/// <param name="Kind">Which task.</param>
/// <param name="Options">Its options, of the type that the task has.</param>
public sealed record TaskSection(string Kind, object Options);
