using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>Tab-separated files: all rows, or training and test rows, or training, test and validation rows.</summary>
internal sealed class LabelledText(DatasetInfo info, LabelledColumns columns) : FileSource(info), ITextSource
{
    public LoadedText LoadText(DataFolders folders, DataOptions options)
    {
        Dictionary<string, string> checksums = NoChecksums;
        TextDocuments[] files = [.. Info.Files.Select(f => Parse(TextBytes.Read(Read(folders, f, checksums), f.Name), f.Name))];
        (double validation, double test) = (options.ValidationFraction, options.TestFraction);
        TextDocuments[] parts = files switch
        {
            [var all] => TextSplit.AtRandom(all, [1 - validation - test, validation, test], options.SplitSeed),
            [var train, var own] => [.. TextSplit.AtRandom(train, [1 - validation, validation], options.SplitSeed), own],
            [var train, var own, var tuned, ..] => [train, tuned, own],
            _ => throw new InvalidOperationException("a labelled text has files"),
        };
        return new LoadedText(Info, parts[0], parts[1], parts[2], Info.ClassNames, checksums);
    }

    private TextDocuments Parse(string text, string file)
    {
        var documents = new List<string>();
        var labels = new List<int>();
        int line = 0;
        // Only a line feed ends a row: texts may hold the other line breaks of Unicode.
        foreach (string row in text.Split('\n'))
        {
            line++;
            if (row.Length == 0 || (line == 1 && columns.HasHeader))
                continue;
            string[] cells = row.TrimEnd('\r').Split('\t');
            if (cells.Length <= Math.Max(columns.Text, columns.Label))
                throw new DataException($"{file}, line {line}", $"has {cells.Length} columns", "get the file again");
            int label = columns.Classes.ToList().IndexOf(cells[columns.Label]);
            if (label < 0)
                throw new DataException($"{file}, line {line}", $"'{cells[columns.Label]}' is not a class", $"classes: {string.Join(", ", columns.Classes)}");
            documents.Add(cells[columns.Text].Trim());
            labels.Add(label);
        }

        return new TextDocuments($"{Info.Name}/{file}", documents, labels);
    }
}
