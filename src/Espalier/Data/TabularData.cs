namespace Espalier.Data;

/// <summary>A table read: its rows as features, and what the columns mean.</summary>
/// <param name="Data">Inputs [rows, features], float32, in the schema's bounds; labels [rows].</param>
/// <param name="Schema">The meaning of the columns.</param>
public sealed record TabularData(Dataset Data, TabularSchema Schema) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Data.Dispose();
}
