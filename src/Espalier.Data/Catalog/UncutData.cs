using Espalier.Data.Tables;

namespace Espalier.Data.Catalog;

/// <summary>A data set as its files hold it.</summary>
/// <param name="Info">What the catalogue knows about it.</param>
/// <param name="Pool">The samples outside its own test split; owned by this object.</param>
/// <param name="Test">Its own test split, where it has one; owned by this object.</param>
/// <param name="Checksums">SHA-256 of each file or resource really read.</param>
public sealed record UncutData(DatasetInfo Info, Dataset Pool, Dataset? Test, IReadOnlyDictionary<string, string> Checksums) : IDisposable
{
    /// <summary>What the columns mean, for tables.</summary>
    public TabularSchema? Schema { get; init; }

    /// <summary>What a model may be tested on: the test split, or everything where there is none.</summary>
    public Dataset ForTest => Test ?? Pool;

    /// <inheritdoc/>
    public void Dispose()
    {
        Pool.Dispose();
        Test?.Dispose();
    }
}
