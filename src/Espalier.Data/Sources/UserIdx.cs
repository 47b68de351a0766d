using Espalier.Data.Catalog;
using Espalier.Data.Images;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>
/// IDX files of the user's: a folder with <c>train-images*</c> and <c>train-labels*</c> and perhaps <c>t10k-</c> or
/// <c>test-</c> ones, or an images file whose labels file has the same name with <c>labels</c> for <c>images</c>.
/// </summary>
internal sealed class UserIdx(DatasetInfo info) : UserSource(info)
{
    protected override SourceData Load(string path, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        if (!Directory.Exists(path))
            return new SourceData(Pair(path, LabelsOf(path), checksums, null), null, checksums);

        string images = Find(path, "train-images*") ?? throw new DataException(path, "holds no file train-images*", "give the folder of the IDX files, or the images file itself");
        Dataset pool = Pair(images, LabelsOf(images), checksums, null);
        string? test = Find(path, "t10k-images*") ?? Find(path, "test-images*");
        return new SourceData(pool, test is null ? null : Pair(test, LabelsOf(test), checksums, pool.ClassNames), checksums);
    }

    private static Dataset Pair(string images, string labels, Dictionary<string, string> checksums, IReadOnlyList<string>? classes)
        => IdxFile.Combine(
            DatasetFile.Uncompressed(Read(images, checksums), images, IdxFile.ExpectedBytes), images,
            DatasetFile.Uncompressed(Read(labels, checksums), labels, IdxFile.ExpectedBytes), labels,
            Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(images))) ?? "idx", classes);

    private static string? Find(string folder, string pattern) => Directory.GetFiles(folder, pattern).Order(StringComparer.Ordinal).FirstOrDefault();

    private static string LabelsOf(string images)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(images))!;
        string stem = Path.GetFileName(images);
        string name = stem.Replace("images", "labels", StringComparison.Ordinal).Replace("idx3", "idx1", StringComparison.Ordinal);
        if (name == stem)
            throw new DataException(images, "is not called '...images...'", "name the pair ...images... and ...labels..., so that the labels can be found");
        return Path.Combine(folder, name);
    }
}
