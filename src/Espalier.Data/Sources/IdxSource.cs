using Espalier.Data.Catalog;
using Espalier.Data.Images;

namespace Espalier.Data.Sources;

/// <summary>Two IDX files (images, labels), or four (the same for the test).</summary>
internal sealed class IdxSource(DatasetInfo info) : FileSource(info)
{
    public override SourceData Load(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        Dataset Pair(int first, string name)
        {
            (DatasetFile images, DatasetFile labels) = (Info.Files[first], Info.Files[first + 1]);
            return IdxFile.Combine(Read(folders, images, checksums), images.Name, Read(folders, labels, checksums), labels.Name, name, Info.ClassNames);
        }

        Dataset pool = Pair(0, Info.Name);
        return new SourceData(pool, Info.Files.Count > 2 ? Pair(2, $"{Info.Name}/test") : null, checksums);
    }
}
