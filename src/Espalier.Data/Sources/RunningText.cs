using Espalier.Data.Catalog;
using Espalier.Data.Text;

namespace Espalier.Data.Sources;

/// <summary>
/// A text file that is cut in order, or two of which the second is the test. Two shares are a training and a validation
/// part; without a file or a share of its own the test part is the validation part.
/// </summary>
internal sealed class RunningText(DatasetInfo info, IReadOnlyList<double> shares) : FileSource(info), ITextSource
{
    public LoadedText LoadText(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        string[] files = [.. Info.Files.Select(f => TextBytes.Read(Read(folders, f, checksums), f.Name))];
        string[] parts = [.. TextSplit.InOrder(Info.Name, files[0], shares), .. files[1..]];
        return new LoadedText(Info, Part("train", parts[0]), Part("validation", parts[1]), Part("test", parts[^1]), [], checksums);
    }

    private TextDocuments Part(string part, string text) => new($"{Info.Name}/{part}", [text]);
}
