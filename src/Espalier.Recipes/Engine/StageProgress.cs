using Espalier.Training.Loop;

namespace Espalier.Recipes.Engine;

/// <summary>How far a stage is.</summary>
/// <param name="Stage">The stage's name: <c>data</c>, <c>train</c>, <c>evaluate</c>, <c>attack</c>, <c>detect</c>, <c>explain</c>, <c>report</c>.</param>
/// <param name="Fraction">How much of it is done, in [0, 1].</param>
/// <param name="Result">What it came to, in a few words, when it is done; else null.</param>
/// <param name="Training">The step just taken, while training; else null.</param>
public sealed record StageProgress(string Stage, double Fraction, string? Result = null, TrainingProgress? Training = null);
