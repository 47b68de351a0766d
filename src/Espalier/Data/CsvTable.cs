using System.Globalization;
using nietras.SeparatedValues;

namespace Espalier.Data;

/// <summary>
/// Reads a CSV file with a header into features and labels. Numbers become one feature, categories one feature each
/// (one-hot). The separator (comma, semicolon, tab or bar) is taken from the header; quotes are understood.
/// </summary>
public static class CsvTable
{
    private const int MostClasses = 1000;

    /// <summary>Reads a file and infers what its columns are from the first row: a number there means numbers throughout.</summary>
    /// <param name="path">The file, UTF-8, with a header.</param>
    /// <param name="options">Target and special columns; the defaults where null.</param>
    /// <exception cref="DataException">
    /// Unreadable, empty, a missing column, a missing or infinite value, text among numbers, a row of another length, or
    /// fewer than two classes; the message names file, line and column.
    /// </exception>
    public static TabularData Read(string path, CsvOptions? options = null)
        => Read(DatasetFile.ReadAll(path), path, Path.GetFileNameWithoutExtension(path), options ?? new(), schema: null);

    /// <summary>Reads a file by a known schema: its columns are found by name, others are ignored.</summary>
    /// <param name="path">The file, UTF-8, with a header.</param>
    /// <param name="schema">What the columns mean, such as the training table's schema.</param>
    /// <exception cref="DataException">As <see cref="Read(string, CsvOptions?)"/>, and for a category or class that the schema lacks.</exception>
    public static TabularData ReadAs(string path, TabularSchema schema)
        => Read(DatasetFile.ReadAll(path), path, Path.GetFileNameWithoutExtension(path), new(), schema);

    /// <summary>Reads the features of a file by a known schema; the column with the class may be missing.</summary>
    /// <param name="path">The file, UTF-8, with a header.</param>
    /// <param name="schema">What the columns mean, such as the training table's schema.</param>
    /// <returns>[rows, features], float32; in the caller's dispose scope.</returns>
    /// <exception cref="DataException">As <see cref="ReadAs"/>.</exception>
    public static Tensor ReadFeaturesAs(string path, TabularSchema schema)
    {
        TabularData table = Read(DatasetFile.ReadAll(path), path, Path.GetFileNameWithoutExtension(path), new(), schema, needsTarget: false);
        using (table.Data)
            return table.Data.All().Inputs;
    }

    internal static TabularData Read(byte[] content, string source, string name, CsvOptions options, TabularSchema? schema, bool needsTarget = true)
    {
        options.Validate();
        try
        {
            using SepReader reader = Sep.Reader(o => o with { Unescape = true, DisableColCountCheck = true })
                .From(DatasetFile.Uncompressed(content, source));
            return ReadRows(reader, source, name, options, schema, needsTarget);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or ArgumentException)
        {
            throw new DataException(source, $"is not a CSV table ({error.Message})", "give a text file with a header and one row per line", error);
        }
    }

    private static TabularData ReadRows(SepReader reader, string source, string name, CsvOptions options, TabularSchema? schema, bool needsTarget)
    {
        IReadOnlyList<string> header = reader.Header.ColNames;
        if (header.Count < (needsTarget ? 2 : 1))
            throw new DataException(source, "has no header with two columns or more", "give a header, feature columns and a column with the class");
        string target = schema?.Target ?? options.Target ?? header[^1];
        CsvColumn[] columns = [.. schema is null ? Inferred(header, target, source, options) : Known(header, schema, source)];
        CsvColumn? labels = !needsTarget ? null : schema is null
            ? CsvColumn.OfCategories(target, Position(header, target, source))
            : CsvColumn.OfCategories(target, Position(header, target, source), schema.ClassNames);

        int rows = 0;
        foreach (SepReader.Row row in reader)
        {
            if (row.ColCount == 1 && row[0].Span.IsEmpty)
                continue; // An empty line, mostly the last one.
            if (row.ColCount != header.Count)
                throw new DataException($"{source}, line {row.LineNumberFrom}", $"has {row.ColCount} columns, the header {header.Count}", "mend the row; quote values that hold the separator");
            foreach (CsvColumn column in columns)
                column.Add(row[column.Position].Span, source, row.LineNumberFrom);
            labels?.Add(row[labels.Position].Span, source, row.LineNumberFrom);
            rows++;
        }

        if (rows == 0)
            throw new DataException(source, "has no rows", "give at least two");
        IReadOnlyList<string> classes = schema?.ClassNames ?? Classes(labels!, source);
        TabularSchema found = schema ?? new TabularSchema([.. columns.Select(c => c.Describe())], target, classes);
        return new TabularData(Assemble(name, columns, labels, rows, found), found);
    }

    private static IEnumerable<CsvColumn> Inferred(IReadOnlyList<string> header, string target, string source, CsvOptions options)
    {
        foreach (string named in options.Categorical.Concat(options.Exclude))
            _ = Position(header, named, source);
        for (int i = 0; i < header.Count; i++)
        {
            if (header[i] == target || options.Exclude.Contains(header[i]))
                continue;
            yield return options.Categorical.Contains(header[i]) ? CsvColumn.OfCategories(header[i], i) : CsvColumn.Undecided(header[i], i);
        }
    }

    private static IEnumerable<CsvColumn> Known(IReadOnlyList<string> header, TabularSchema schema, string source)
        => schema.Columns.Select(c => c.Kind == ColumnKind.Numeric
            ? CsvColumn.OfNumbers(c.Name, Position(header, c.Name, source))
            : CsvColumn.OfCategories(c.Name, Position(header, c.Name, source), c.Categories));

    private static int Position(IReadOnlyList<string> header, string column, string source)
    {
        for (int i = 0; i < header.Count; i++)
        {
            if (header[i] == column)
                return i;
        }

        throw new DataException(source, $"has no column '{column}'", Suggestion.For(column, header));
    }

    private static string[] Classes(CsvColumn labels, string source)
    {
        string[] classes = [.. labels.Categories];
        bool isWhole = classes.All(c => long.TryParse(c, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _));
        if (isWhole)
            classes = [.. classes.OrderBy(c => long.Parse(c, CultureInfo.InvariantCulture))];
        if (classes.Length < 2)
            throw new DataException($"{source}, column '{labels.Name}'", $"holds one class only: '{classes[0]}'", "a classifier needs at least two");
        if (classes.Length > MostClasses)
            throw new DataException($"{source}, column '{labels.Name}'", $"holds {classes.Length} different values", "give a column with classes, not with numbers to predict");
        return classes;
    }

    private static Dataset Assemble(string name, CsvColumn[] columns, CsvColumn? labels, int rows, TabularSchema schema)
    {
        int width = schema.FeatureCount;
        float[] inputs = new float[checked(rows * width)];
        int feature = 0;
        for (int c = 0; c < columns.Length; c++)
        {
            columns[c].Fill(inputs, feature, width, schema.Columns[c].Categories);
            feature += schema.Columns[c].Width;
        }

        using Tensor flat = torch.tensor(inputs);
        return new Dataset(name, flat.view(rows, width), torch.tensor(labels?.Positions(schema.ClassNames) ?? new long[rows]), schema.ClassNames, schema.Bounds);
    }
}
