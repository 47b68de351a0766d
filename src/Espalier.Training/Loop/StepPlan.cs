namespace Espalier.Training.Loop;

/// <summary>One optimizer step's share of the sample stream.</summary>
/// <param name="Position">Its first sample.</param>
/// <param name="Samples">How many.</param>
/// <param name="BatchSize">The batch size in force; the last step may hold fewer samples.</param>
/// <param name="MicroBatches">In stream order; number i belongs to rank i mod ranks.</param>
internal sealed record StepPlan(long Position, int Samples, int BatchSize, IReadOnlyList<MicroBatch> MicroBatches)
{
    /// <summary>The micro-batches of one rank.</summary>
    public IEnumerable<MicroBatch> Of(int rank, int ranks) => MicroBatches.Where((_, i) => i % ranks == rank);
}
