using System.Text;
using Espalier.Data.Catalog;
using Espalier.Data.Images;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>A folder of class folders; where it holds <c>train</c> and <c>test</c>, <c>val</c> (or <c>valid</c>, <c>validation</c>) or both, these are its splits.</summary>
internal sealed class UserImages(DatasetInfo info) : UserSource(info)
{
    protected override SourceData Load(string path, DataOptions options)
    {
        // One checksum for the folder: a manifest with a line per image would be larger than most models.
        var listing = new StringBuilder();
        int leftOut = 0;
        Dataset Read(string folder)
        {
            Dataset read = ImageFolder.Read(folder, options.Images, (name, content) =>
                listing.Append(DatasetFile.Checksum(content)).Append("  ").Append(name.Replace('\\', '/')).Append('\n'), out int others);
            leftOut += others;
            return read;
        }

        string train = Path.Combine(path, "train");
        string? test = Find(path, "test");
        string? validation = Find(path, "val", "valid", "validation");
        if (!Directory.Exists(train) || (test is null && validation is null))
            return new SourceData(Read(path), null, Checksums()) { LeftOut = leftOut };

        Dataset pool = Read(train);
        Dataset Own(string folder)
        {
            Dataset own = Read(folder);
            if (own.ClassNames.SequenceEqual(pool.ClassNames))
                return own;
            own.Dispose();
            throw new DataException(folder, "has other classes than the training folder", "give both the same subfolders");
        }

        Dataset? tested = test is null ? null : Own(test);
        Dataset? validated = validation is null ? null : Own(validation);
        return new SourceData(pool, tested, Checksums()) { Validation = validated, LeftOut = leftOut };

        Dictionary<string, string> Checksums() => new()
        {
            [Path.GetFileName(Path.TrimEndingDirectorySeparator(path))] = DatasetFile.Checksum(Encoding.UTF8.GetBytes(listing.ToString())),
        };
    }

    private static string? Find(string path, params string[] names) => names.Select(n => Path.Combine(path, n)).FirstOrDefault(Directory.Exists);
}
