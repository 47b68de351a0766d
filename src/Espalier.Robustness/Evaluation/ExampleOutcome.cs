using System.Text.Json.Serialization;

namespace Espalier.Robustness.Evaluation;

/// <summary>What became of one input.</summary>
/// <param name="Label">The true class.</param>
/// <param name="Correct">Whether the model is right without an attack.</param>
/// <param name="Stage">The stage that fooled it first, counted from 0; -1 where none did.</param>
/// <param name="Distance">How far it was moved, in the attack's norm.</param>
/// <param name="Predicted">The class of what the attack made of it.</param>
/// <param name="Queries">Inputs sent through the model for it.</param>
/// <param name="Gradients">Gradients taken for it.</param>
public readonly record struct ExampleOutcome(int Label, bool Correct, int Stage, double Distance, int Predicted, long Queries, long Gradients)
{
    /// <summary>Whether it stands: right without an attack and under it.</summary>
    [JsonIgnore]
    public bool IsRobust => Correct && Stage < 0;
}
