using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>
/// A text file of the user's, cut in order; or a table with a header and a column of text, cut at random where it has
/// classes and in order where it has none.
/// </summary>
internal sealed class UserText(DatasetInfo info) : UserSource(info), ITextSource
{
    public LoadedText LoadText(DataFolders folders, DataOptions options)
    {
        OptionsException.Require(!string.IsNullOrEmpty(options.Path), nameof(options.Path), options.Path, "must say where the text lies");
        string path = options.Path!;
        Dictionary<string, string> checksums = NoChecksums;
        byte[] content = DatasetFile.Uncompressed(Read(path, checksums), path);
        string name = Path.GetFileName(path);
        double[] shares = [1 - options.ValidationFraction - options.TestFraction, options.ValidationFraction, options.TestFraction];
        if (IsTable(path))
            return Table(content, path, name, options, shares, checksums);
        OptionsException.Require(options.Text.Column is null && options.Text.LabelColumn is null, "text.column", options.Text.Column ?? options.Text.LabelColumn, "is for tables (.csv, .tsv)");
        TextDocuments[] parts = [.. TextSplit.InOrder(name, TextBytes.Read(content, path), shares).Zip(["train", "validation", "test"], (t, p) => new TextDocuments($"{name}/{p}", [t]))];
        return new LoadedText(Info, parts[0], parts[1], parts[2], [], checksums);
    }

    protected override SourceData Load(string path, DataOptions options) => throw new InvalidOperationException("text is loaded as text");

    private static bool IsTable(string path) => Path.GetFileName(path).Split('.').Any(p => p is "csv" or "tsv");

    private LoadedText Table(byte[] content, string path, string name, DataOptions options, double[] shares, Dictionary<string, string> checksums)
    {
        (List<string> documents, List<string> classes) = Rows(content, path, options.Text);
        if (options.Text.LabelColumn is not { } column)
        {
            int[] starts = [0, (int)(shares[0] * documents.Count), (int)((shares[0] + shares[1]) * documents.Count), documents.Count];
            TextDocuments[] cut = [.. Enumerable.Range(0, 3).Select(p => new TextDocuments($"{name}, part {p + 1} of 3", documents[starts[p]..starts[p + 1]]))];
            return new LoadedText(Info, cut[0], cut[1], cut[2], [], checksums);
        }

        string[] names = [.. classes.Distinct().Order(StringComparer.Ordinal)];
        if (names.Length is < 2 or > 1000)
            throw new DataException(path, $"column '{column}' holds {names.Length} classes", "name the column with the class; it has 2 to 1,000");
        Dictionary<string, int> index = names.Select((n, i) => (n, i)).ToDictionary(n => n.n, n => n.i);
        TextDocuments[] parts = TextSplit.AtRandom(new TextDocuments(name, documents, [.. classes.Select(c => index[c])]), shares, options.SplitSeed);
        return new LoadedText(Info with { Task = DatasetTask.TextClassification }, parts[0], parts[1], parts[2], names, checksums);
    }

    private static (List<string> Documents, List<string> Classes) Rows(byte[] content, string path, TextOptions options)
    {
        var documents = new List<string>();
        var classes = new List<string>();
        CsvHeader header = CsvHeader.Read(content, path) ?? throw new DataException(path, "is not a table (it is empty)", "give a text file with a header and one row per line");
        int text = options.Column is null ? 0 : header.Position(options.Column, path);
        int label = options.LabelColumn is null ? -1 : header.Position(options.LabelColumn, path);
        var reader = new CsvReader(content.AsMemory(header.Length), header.Separator, header.NextLine, header.Length);
        while (reader.Next())
        {
            reader.Require(header, path);
            documents.Add(reader.Text(text));
            if (label >= 0)
                classes.Add(reader.Text(label).Trim());
        }

        return (documents, classes);
    }
}
