using Espalier.Data.Catalog;

namespace Espalier.Data.Sources;

/// <summary>A data set computed from its options.</summary>
internal sealed class GeneratedSource(DatasetInfo info, Func<GeneratedOptions, Dataset> generate) : DatasetSource(info)
{
    public override SourceData Load(DataFolders folders, DataOptions options)
        => new(generate(options.Generated), null, NoChecksums);
}
