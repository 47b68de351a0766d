namespace Espalier.Data.Sources;

/// <summary>An entry of the catalogue: what is known about a data set, and how it is read.</summary>
internal abstract class DatasetSource(DatasetInfo info)
{
    public DatasetInfo Info { get; } = info;

    /// <summary>Why the data set cannot be loaded now, and how to mend that; null where it can.</summary>
    public virtual (string Problem, string Remedy)? Missing(DataFolders folders) => null;

    /// <summary>Reads the samples; what is no <see cref="ITextSource"/> overrides it.</summary>
    public virtual SourceData Load(DataFolders folders, DataOptions options) => throw new InvalidOperationException($"{Info.Name} is loaded as text");

    protected static Dictionary<string, string> NoChecksums => [];
}
