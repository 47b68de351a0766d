using System.Text;

namespace Espalier.Data.Sources;

/// <summary>A folder of class folders; where it holds <c>train</c> and <c>test</c>, these are its splits.</summary>
internal sealed class UserImages(DatasetInfo info) : UserSource(info)
{
    protected override SourceData Load(string path, DataOptions options)
    {
        // One checksum for the folder: a manifest with a line per image would be larger than most models.
        var listing = new StringBuilder();
        Dataset Read(string folder) => ImageFolder.Read(folder, options.Images, (name, content) =>
            listing.Append(DatasetFile.Checksum(content)).Append("  ").Append(name.Replace('\\', '/')).Append('\n'));

        (string train, string test) = (Path.Combine(path, "train"), Path.Combine(path, "test"));
        bool hasSplits = Directory.Exists(train) && Directory.Exists(test);
        Dataset pool = Read(hasSplits ? train : path);
        Dataset? own = hasSplits ? Read(test) : null;
        if (own is not null && !own.ClassNames.SequenceEqual(pool.ClassNames))
            throw new DataException(test, "has other classes than the training folder", "give both the same subfolders");
        string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(path));
        return new SourceData(pool, own, new Dictionary<string, string> { [name] = DatasetFile.Checksum(Encoding.UTF8.GetBytes(listing.ToString())) });
    }
}
