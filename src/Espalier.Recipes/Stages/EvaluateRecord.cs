namespace Espalier.Recipes.Stages;

/// <summary>What the evaluation stage leaves in <c>stages/evaluate.json</c>.</summary>
/// <param name="ClassNames">One name per class.</param>
/// <param name="Samples">Size of the test split.</param>
/// <param name="Raw">The numbers of the weights as trained.</param>
/// <param name="Ema">The numbers of the averaged weights, or null without an EMA.</param>
public sealed record EvaluateRecord(IReadOnlyList<string> ClassNames, int Samples, EvaluationNumbers Raw, EvaluationNumbers? Ema);
