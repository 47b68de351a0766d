namespace Espalier.Robustness;

/// <summary>What one stage of an attack did.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fooled">Inputs that it was the first to fool.</param>
/// <param name="Gradients">Gradients that it took, counted per input.</param>
/// <param name="Queries">Inputs that it sent through the model, with and without gradients.</param>
/// <param name="Seconds">Wall time, summed over workers.</param>
public sealed record AttackStageTally(string Name, int Fooled, long Gradients, long Queries, double Seconds);
