using Espalier.Data.Tables;

namespace Espalier.Data.Catalog;

/// <summary>A data set loaded and cut, with what a run's manifest must say about it.</summary>
/// <param name="Info">What the catalogue knows about it.</param>
/// <param name="Splits">Training, validation and test parts; owned by this object.</param>
/// <param name="Checksums">SHA-256 of each file or resource really read.</param>
public sealed record LoadedData(DatasetInfo Info, DatasetSplits Splits, IReadOnlyDictionary<string, string> Checksums) : IDisposable
{
    /// <summary>The scaling of the inputs where <see cref="DataOptions.Standardize"/> asked for it.</summary>
    public Standardization? Standardization { get; init; }

    /// <summary>What the columns mean, for tables.</summary>
    public TabularSchema? Schema { get; init; }

    /// <summary>How many rows, pictures or texts were read, over all splits.</summary>
    public long Samples { get => field == 0 ? (long)Splits.Train.Count + Splits.Validation.Count + Splits.Test.Count : field; init; }

    /// <summary>How many rows or files were not read: rows that cannot be used, files that are no pictures.</summary>
    public int LeftOut { get; init; }

    /// <summary>What looks wrong without being refused, such as a header made of numbers.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <inheritdoc/>
    public void Dispose() => Splits.Dispose();
}
