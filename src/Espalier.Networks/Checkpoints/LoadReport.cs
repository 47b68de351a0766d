namespace Espalier.Networks.Checkpoints;

/// <summary>What became of every tensor of a file and of every one of the network.</summary>
public sealed record LoadReport
{
    /// <summary>The file.</summary>
    public required string Path { get; init; }

    /// <summary>What was copied as it stands.</summary>
    public IReadOnlyList<LoadedTensor> Loaded { get; init; } = [];

    /// <summary>What was copied under another name, reshaped, summed, or converted to another type.</summary>
    public IReadOnlyList<LoadedTensor> Converted { get; init; } = [];

    /// <summary>What keeps its fresh weights because the network has other classes.</summary>
    public IReadOnlyList<LoadedTensor> Reinitialized { get; init; } = [];

    /// <summary>What the network has and the file lacks.</summary>
    public IReadOnlyList<LoadedTensor> Missing { get; init; } = [];

    /// <summary>What the file has and the network lacks.</summary>
    public IReadOnlyList<LoadedTensor> Unexpected { get; init; } = [];

    /// <summary>What both have, in different shapes.</summary>
    public IReadOnlyList<LoadedTensor> ShapeMismatch { get; init; } = [];

    /// <summary>What the layout is known to leave out or to hold besides: tied copies, other heads, counters.</summary>
    public IReadOnlyList<LoadedTensor> Ignored { get; init; } = [];

    /// <summary>Whether a strict load would accept it.</summary>
    public bool IsComplete => Missing.Count == 0 && Unexpected.Count == 0 && ShapeMismatch.Count == 0;

    /// <summary>Everything that keeps a strict load from accepting it, in one line.</summary>
    internal string Problems => string.Join(", ", (IEnumerable<string>)
    [
        .. Missing.Select(t => $"'{t.Name}' is missing"),
        .. ShapeMismatch.Select(t => $"'{t.Name}' {t.Note}"),
        .. Unexpected.Select(t => $"'{t.Name}' is unexpected"),
    ]);
}
