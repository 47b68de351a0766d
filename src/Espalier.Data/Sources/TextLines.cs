using Espalier.Data.Catalog;
using Espalier.Data.Text;

namespace Espalier.Data.Sources;

/// <summary>A file with one text a line, without classes, cut at random.</summary>
internal sealed class TextLines(DatasetInfo info) : FileSource(info), ITextSource
{
    public LoadedText LoadText(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        DatasetFile file = Info.Files[0];
        string[] lines = TextBytes.Read(Read(folders, file, checksums), file.Name).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        (double validation, double test) = (options.ValidationFraction, options.TestFraction);
        TextDocuments[] parts = TextSplit.AtRandom(new TextDocuments($"{Info.Name}/{file.Name}", lines), [1 - validation - test, validation, test], options.SplitSeed);
        return new LoadedText(Info, parts[0], parts[1], parts[2], [], checksums);
    }
}
