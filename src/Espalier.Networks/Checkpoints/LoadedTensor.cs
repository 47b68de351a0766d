namespace Espalier.Networks.Checkpoints;

/// <summary>What became of one tensor.</summary>
/// <param name="Name">Its name in the network; in the file, where the network has none for it.</param>
/// <param name="Source">Its name in the file, where it comes from there.</param>
/// <param name="Note">What was done to it, or why it was not loaded; empty for a plain copy.</param>
public sealed record LoadedTensor(string Name, string? Source, string Note);
