namespace Espalier.Robustness.Attacks;

/// <summary>What one stage of an attack did.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Fooled">Inputs that it was the first to fool.</param>
/// <param name="Gradients">Gradients that it took, counted per input.</param>
/// <param name="Queries">Inputs that it sent through the model, with and without gradients.</param>
/// <param name="Seconds">Wall time, summed over workers.</param>
public sealed record AttackStageTally(string Name, int Fooled, long Gradients, long Queries, double Seconds)
{
    /// <summary>Adds the stages of one batch to those of others; a batch that fell early has fewer.</summary>
    internal static void Add(List<AttackStageTally> sums, IEnumerable<AttackStageTally> stages)
    {
        foreach ((int i, AttackStageTally stage) in stages.Index())
        {
            if (i == sums.Count)
                sums.Add(stage);
            else
                sums[i] = new(stage.Name, sums[i].Fooled + stage.Fooled, sums[i].Gradients + stage.Gradients, sums[i].Queries + stage.Queries, sums[i].Seconds + stage.Seconds);
        }
    }
}
