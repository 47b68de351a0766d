namespace Espalier.Data.Sources;

/// <summary>What a source gives: samples to be cut, the data set's own test split where it has one, and checksums.</summary>
internal sealed record SourceData(Dataset Pool, Dataset? Test, IReadOnlyDictionary<string, string> Checksums)
{
    public TabularSchema? Schema { get; init; }
}
