namespace Espalier.Recipes.Stages;

/// <summary>What the explanation stage leaves in <c>stages/explain.json</c>.</summary>
/// <param name="Method">The generator in words.</param>
/// <param name="InputShape">Shape of one input.</param>
/// <param name="Range">The inputs' value range, for pictures.</param>
/// <param name="ClassNames">One name per class.</param>
/// <param name="Explanations">One per explained input.</param>
public sealed record ExplainRecord(string Method, IReadOnlyList<long> InputShape, ValueRange Range, IReadOnlyList<string> ClassNames, IReadOnlyList<Explanation> Explanations);
