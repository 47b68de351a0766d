using Espalier.Data.Tables;

namespace Espalier.Data.Sources;

/// <summary>What a source gives: samples to be cut, the data set's own test split where it has one, and checksums.</summary>
internal sealed record SourceData(Dataset Pool, Dataset? Test, IReadOnlyDictionary<string, string> Checksums)
{
    public TabularSchema? Schema { get; init; }

    /// <summary>The data set's own validation split where it has one; else it is drawn from the pool.</summary>
    public Dataset? Validation { get; init; }

    /// <summary>How many rows or files were not read.</summary>
    public int LeftOut { get; init; }

    public IReadOnlyList<string> Warnings { get; init; } = [];
}
