namespace Espalier.Networks.Checkpoints;

/// <summary>A name that a pickle mentions; it stands for itself and is never looked up.</summary>
internal sealed record PickleGlobal(string Name);
