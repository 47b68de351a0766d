namespace Espalier.Data.Sources;

/// <summary>An entry of the catalogue: what is known about a data set, and how it is read.</summary>
internal abstract class DatasetSource(DatasetInfo info)
{
    public DatasetInfo Info { get; } = info;

    /// <summary>Why the data set cannot be loaded now, and how to mend that; null where it can.</summary>
    public virtual (string Problem, string Remedy)? Missing(DataFolders folders) => null;

    public abstract SourceData Load(DataFolders folders, DataOptions options);

    protected static Dictionary<string, string> NoChecksums => [];
}
