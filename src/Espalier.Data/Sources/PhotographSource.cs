using Espalier.Data.Catalog;
using Espalier.Data.Images;

namespace Espalier.Data.Sources;

/// <summary>A few photographs in one IDX file, each a class of its own.</summary>
internal sealed class PhotographSource(DatasetInfo info) : FileSource(info)
{
    public override SourceData Load(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        Tensor images = IdxFile.Images(Read(folders, Info.Files[0], checksums), Info.Files[0].Name);
        return new SourceData(new Dataset(Info.Name, images, torch.arange(images.shape[0]), Info.ClassNames, scale: 1 / 255.0), null, checksums);
    }
}
