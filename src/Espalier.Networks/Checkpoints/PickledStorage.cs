namespace Espalier.Networks.Checkpoints;

/// <summary>The data that tensors of a pickle are views of.</summary>
/// <param name="Key">Name of the entry in the archive.</param>
/// <param name="Type">Type of its elements.</param>
/// <param name="Count">How many there are.</param>
internal sealed record PickledStorage(string Key, torch.ScalarType Type, long Count);
