using Espalier.Runs.Store;

namespace Espalier.Benchmarks.Overhead;

/// <summary>What the trainer costs on a machine.</summary>
/// <param name="Machine">The machine and the versions.</param>
/// <param name="Batches">The comparison at each batch size.</param>
public sealed record OverheadResult(MachineInfo Machine, IReadOnlyList<BatchOverhead> Batches);
