namespace Espalier.Data.Tables;

/// <summary>A table read: its rows as features, and what the columns mean.</summary>
/// <param name="Data">Inputs [rows, features], float32 (float64 while a catalogue reads), in the schema's bounds; labels [rows].</param>
/// <param name="Schema">The meaning of the columns.</param>
public sealed record TabularData(Dataset Data, TabularSchema Schema) : IDisposable
{
    /// <summary>The rows that were not read.</summary>
    public IReadOnlyList<LeftOutRow> LeftOut { get; init; } = [];

    /// <summary>What looks wrong without being refused, such as a header made of numbers.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();
}
