using System.Globalization;
using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>
/// Reads a CSV file with a header into features and labels. Numbers become one feature, categories one feature each
/// (one-hot). The separator (comma, semicolon, tab or bar) is taken from the header; a quote is special as the first character of a
/// cell only. A column's kind is decided over all of its cells.
/// </summary>
public static class CsvTable
{
    private const int MostClasses = 1000;

    /// <summary>Reads a file and infers what its columns are: numbers where all cells are, categories elsewhere.</summary>
    /// <param name="path">The file, UTF-8, with a header.</param>
    /// <param name="options">Target and special columns; the defaults where null.</param>
    /// <exception cref="DataException">
    /// Unreadable, not UTF-8, empty, a missing column, a missing or infinite value, text among numbers, a row of another length, a
    /// column with nearly as many texts as rows, or fewer than two classes; the message names file, line, row and column.
    /// </exception>
    public static TabularData Read(string path, CsvOptions? options = null)
        => Single(ReadDoubles(DatasetFile.ReadAll(path), path, Path.GetFileNameWithoutExtension(path), options ?? new(), schema: null));

    /// <summary>Reads a file by a known schema: its columns are found by name, others are ignored.</summary>
    /// <param name="path">The file, UTF-8, with a header.</param>
    /// <param name="schema">What the columns mean, such as the training table's schema.</param>
    /// <exception cref="DataException">As <see cref="Read(string, CsvOptions?)"/>, and for a category or class that the schema lacks.</exception>
    public static TabularData ReadAs(string path, TabularSchema schema)
        => Single(ReadDoubles(DatasetFile.ReadAll(path), path, Path.GetFileNameWithoutExtension(path), new(), schema));

    /// <summary>Reads the features of a file by a known schema; the column with the class may be missing.</summary>
    /// <param name="path">The file, UTF-8, with a header.</param>
    /// <param name="schema">What the columns mean, such as the training table's schema.</param>
    /// <returns>[rows, features], float64, so that standardizing loses nothing; in the caller's dispose scope.</returns>
    /// <exception cref="DataException">As <see cref="ReadAs"/>.</exception>
    public static Tensor ReadFeaturesAs(string path, TabularSchema schema)
    {
        using TabularData table = ReadDoubles(DatasetFile.ReadAll(path), path, Path.GetFileNameWithoutExtension(path), new(), schema, needsTarget: false);
        return table.Data.All().Inputs;
    }

    /// <summary>Reads a table in double precision: standardizing comes before single precision.</summary>
    internal static TabularData ReadDoubles(byte[] content, string source, string name, CsvOptions options, TabularSchema? schema, bool needsTarget = true)
    {
        options.Validate();
        CsvContent table = CsvContent.Read(DatasetFile.Uncompressed(content, source), source, h => Wanted(h, source, options, schema, needsTarget), options.BadRows);
        IReadOnlyList<string> classes = schema?.ClassNames ?? Classes(table.Labels!, source);
        TabularSchema found = schema ?? new TabularSchema([.. table.Columns.Select(c => c.Describe(table.Count))], table.Labels!.Name, classes);
        double[] features = table.Features(found.Columns, source);
        if (Array.FindIndex(features, f => Math.Abs(f) > float.MaxValue) is >= 0 and var at)
        {
            int row = table.Numbers[at / found.FeatureCount];
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{source}, row {row + 1}, column '{found.FeatureNames[at % found.FeatureCount]}'"),
                string.Create(CultureInfo.InvariantCulture, $"{features[at]} is not finite in single precision"), "give the column in another unit");
        }

        using Tensor flat = torch.tensor(features);
        var data = new Dataset(name, flat.view(table.Count, found.FeatureCount), torch.tensor(table.Labels?.Positions(table.Count, classes) ?? new long[table.Count]), classes, found.Bounds);
        return new TabularData(data, found) { LeftOut = table.LeftOut, Warnings = table.Warnings };
    }

    private static TabularData Single(TabularData table)
    {
        using (table.Data)
            return table with { Data = table.Data.ToSingle() };
    }

    private static (CsvColumn[] Columns, CsvColumn? Labels) Wanted(CsvHeader header, string source, CsvOptions options, TabularSchema? schema, bool needsTarget)
    {
        if (header.Names.Count < (needsTarget ? 2 : 1))
            throw new DataException(source, "has no header with two columns or more", "give a header, feature columns and a column with the class");
        string target = schema?.Target ?? options.Target ?? header.Names[^1];
        return ([.. schema is null ? Inferred(header, target, source, options) : Known(header, schema, source, options)],
            needsTarget ? CsvColumn.OfCategories(target, header.Position(target, source), options.Format, schema?.ClassNames) : null);
    }

    private static IEnumerable<CsvColumn> Inferred(CsvHeader header, string target, string source, CsvOptions options)
    {
        foreach (string named in options.Categorical.Concat(options.Exclude))
            _ = header.Position(named, source);
        for (int i = 0; i < header.Names.Count; i++)
        {
            string name = header.Names[i];
            if (name == target || options.Exclude.Contains(name))
                continue;
            yield return options.Categorical.Contains(name) ? CsvColumn.OfCategories(name, i, options.Format) : CsvColumn.Undecided(name, i, options.Format);
        }
    }

    private static IEnumerable<CsvColumn> Known(CsvHeader header, TabularSchema schema, string source, CsvOptions options)
        => schema.Columns.Select(c => c.Kind == ColumnKind.Numeric
            ? CsvColumn.OfNumbers(c.Name, header.Position(c.Name, source), options.Format)
            : CsvColumn.OfCategories(c.Name, header.Position(c.Name, source), options.Format, c.Categories));

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
}
