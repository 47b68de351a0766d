using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>Files of the user's at a path of the options.</summary>
internal abstract class UserSource(DatasetInfo info) : DatasetSource(info)
{
    public sealed override SourceData Load(DataFolders folders, DataOptions options)
    {
        OptionsException.Require(!string.IsNullOrEmpty(options.Path), nameof(options.Path), options.Path, $"must say where the data of kind '{Info.Name}' lie");
        return Load(options.Path!, options);
    }

    protected abstract SourceData Load(string path, DataOptions options);

    protected static byte[] Read(string path, Dictionary<string, string> checksums)
    {
        byte[] content = DatasetFile.ReadAll(path);
        checksums[Path.GetFileName(path)] = DatasetFile.Checksum(content);
        return content;
    }
}
