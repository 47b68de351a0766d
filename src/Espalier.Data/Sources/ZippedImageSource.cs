using System.IO.Compression;
using Espalier.Data.Catalog;
using Espalier.Data.Images;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>A ZIP of training images and one of test images, entries <c>part/class/name</c>.</summary>
internal sealed class ZippedImageSource(DatasetInfo info) : FileSource(info)
{
    public override SourceData Load(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        Dataset pool = Unzip(Read(folders, Info.Files[0], checksums), Info.Files[0].Name, Info.Name);
        return new SourceData(pool, Unzip(Read(folders, Info.Files[1], checksums), Info.Files[1].Name, $"{Info.Name}/test"), checksums);
    }

    private Dataset Unzip(byte[] content, string source, string name)
    {
        using var zip = new ZipArchive(new MemoryStream(content), ZipArchiveMode.Read);
        var stack = new ImageStack(new ImageFolderOptions());
        foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.Name.Length > 0).OrderBy(e => e.FullName, StringComparer.Ordinal))
        {
            string folder = entry.FullName.Split('/')[^2];
            int label = Info.ClassNames.ToList().IndexOf(folder);
            if (label < 0)
                throw new DataException($"{source}/{entry.FullName}", $"'{folder}' is not a class", $"classes: {string.Join(", ", Info.ClassNames)}");
            using Stream stream = entry.Open();
            byte[] file = new byte[entry.Length];
            stream.ReadExactly(file);
            stack.Add(file, $"{source}/{entry.FullName}", label);
        }

        return stack.ToDataset(name, Info.ClassNames);
    }
}
