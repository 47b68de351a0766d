using System.Text;
using Espalier.Data.Catalog;
using Espalier.Data.Images;

namespace Espalier.Data.Sources;

/// <summary>
/// Omniglot's two small background sets: the first to learn from, the second for the test without the alphabets that the
/// first has too. Classes are characters, called <c>Alphabet/character01</c>.
/// </summary>
internal sealed class OmniglotSource(DatasetInfo info) : FileSource(info)
{
    public override SourceData Load(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        string[] first = Names(0);
        HashSet<string> seen = [.. first.Select(Alphabet)];
        string[] second = Names(3);
        int[] kept = [.. Enumerable.Range(0, second.Length).Where(c => !seen.Contains(Alphabet(second[c])))];
        string[] classes = [.. first, .. kept.Select(c => second[c])];
        Dataset pool = Images(1, Info.Name, classes);
        using Dataset all = Images(4, $"{Info.Name}/test", second);
        long[] labels = all.LabelArray();
        int[] rows = [.. Enumerable.Range(0, all.Count).Where(i => Array.IndexOf(kept, (int)labels[i]) >= 0)];
        using Dataset foreign = all.Subset(rows);
        using LabelledBatch batch = foreign.All();
        Tensor bytes = (batch.Inputs * 255).round().to(torch.uint8);
        Tensor relabelled = torch.tensor([.. rows.Select(i => (long)first.Length + Array.IndexOf(kept, (int)labels[i]))]);
        return new SourceData(pool, new Dataset(all.Name, bytes, relabelled, classes, scale: 1 / 255.0), checksums);

        string[] Names(int file) => Encoding.UTF8.GetString(Read(folders, Info.Files[file], checksums)).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

        Dataset Images(int file, string name, string[] names) => IdxFile.Combine(
            Read(folders, Info.Files[file], checksums), Info.Files[file].Name, Read(folders, Info.Files[file + 1], checksums), Info.Files[file + 1].Name, name, names);
    }

    private static string Alphabet(string character) => character[..character.IndexOf('/', StringComparison.Ordinal)];
}
