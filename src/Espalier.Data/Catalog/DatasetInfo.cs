namespace Espalier.Data.Catalog;

/// <summary>What the catalogue knows about a data set without loading it.</summary>
public sealed record DatasetInfo
{
    /// <summary>The name to load it by.</summary>
    public required string Name { get; init; }

    /// <summary>The folder of its files in a collection.</summary>
    public string Folder { get => field ?? Name; init; }

    /// <summary>One line for people.</summary>
    public required string Title { get; init; }

    /// <summary>Where it comes from.</summary>
    public required DatasetOrigin Origin { get; init; }

    /// <summary>What its inputs are.</summary>
    public required DatasetTask Task { get; init; }

    /// <summary>Whether it is text, which <see cref="DataCatalog.LoadText"/> loads.</summary>
    public bool IsText => Task is DatasetTask.TextClassification or DatasetTask.LanguageModelling;

    /// <summary>Shape of one input; empty where it is known only after loading.</summary>
    public IReadOnlyList<long> InputShape { get; init; } = [];

    /// <summary>One name per class; empty where they are known only after loading.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>Number of classes; 0 where it is known only after loading.</summary>
    public int ClassCount => ClassNames.Count;

    /// <summary>Number of samples outside its own test split, where known.</summary>
    public int? SampleCount { get; init; }

    /// <summary>Number of samples in its own test split; null where it has none and is split here.</summary>
    public int? TestCount { get; init; }

    /// <summary>The licence of the data.</summary>
    public required string Licence { get; init; }

    /// <summary>Where it comes from and how to cite it.</summary>
    public required string Source { get; init; }

    /// <summary>Its files with their checksums; empty where it has none of its own.</summary>
    public IReadOnlyList<DatasetFile> Files { get; init; } = [];
}
