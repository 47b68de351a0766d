using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Data.Tables;

/// <summary>
/// Rows of numbers in double precision from a CSV file with a header, a NumPy <c>.npy</c> table or the array <c>X</c> of an
/// <c>.npz</c> archive: what detectors and monitors of tables take. A category becomes one feature for each of its values.
/// </summary>
public sealed class NumericTable
{
    private NumericTable(string source, double[,] rows, TabularSchema schema, IReadOnlyList<string>? labels, IReadOnlyList<int>? numbers = null) =>
        (Source, Rows, Schema, Labels, Numbers) = (source, rows, schema, labels, numbers ?? [.. Enumerable.Range(0, rows.GetLength(0))]);

    /// <summary>The file.</summary>
    public string Source { get; }

    /// <summary>[rows, features].</summary>
    public double[,] Rows { get; }

    /// <summary>Number of rows.</summary>
    public int Count => Rows.GetLength(0);

    /// <summary>The number of each row in the file, from 0.</summary>
    public IReadOnlyList<int> Numbers { get; }

    /// <summary>What the columns mean; the target is empty where there is no label.</summary>
    public TabularSchema Schema { get; }

    /// <summary>The rows that were not read.</summary>
    public IReadOnlyList<LeftOutRow> LeftOut { get; private init; } = [];

    /// <summary>What looks wrong without being refused, such as a header made of numbers.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>What each row is; null where the file does not say.</summary>
    public IReadOnlyList<string>? Labels { get; }

    /// <summary>The rows with one label.</summary>
    /// <param name="label">The label.</param>
    /// <exception cref="DataException">The file has no labels.</exception>
    /// <exception cref="NotFoundException">No row has that one.</exception>
    public NumericTable Only(string label)
    {
        if (Labels is null)
            throw new DataException(Source, "has no labels", "name the column with the label");
        int[] chosen = [.. Enumerable.Range(0, Count).Where(i => Labels[i] == label)];
        if (chosen.Length == 0)
            throw new NotFoundException("label", label, Labels.Distinct());
        int width = Rows.GetLength(1);
        double[,] rows = new double[chosen.Length, width];
        for (int i = 0; i < chosen.Length; i++)
            Row(Rows, chosen[i], width).CopyTo(Row(rows, i, width));
        return new(Source, rows, Schema, [.. chosen.Select(i => Labels[i])], [.. chosen.Select(i => Numbers[i])]) { LeftOut = LeftOut, Warnings = Warnings };
    }

    /// <summary>Opens a file, or a table of the catalogue by its name.</summary>
    /// <param name="source">A <c>.csv</c>, <c>.npy</c> or <c>.npz</c> file, or a name such as <c>wine</c> or <c>adbench-cardio</c>.</param>
    /// <param name="options">For CSV files: label and special columns; the defaults where null.</param>
    /// <exception cref="NotFoundException">There is neither a file nor a data set of that name.</exception>
    /// <exception cref="OptionsException">Columns are named of a table of the catalogue.</exception>
    /// <exception cref="DataException">As <see cref="Read"/>; the data set is no table, or not on this machine.</exception>
    public static NumericTable Open(string source, NumericTableOptions? options = null)
    {
        if (!IsName(source))
            return Read(source, options);
        NumericTable table = DataCatalog.Default.LoadTable(source);
        OptionsException.Require(options is null or { Label: null, Exclude.Count: 0, Categorical.Count: 0 }, "table", source, "must be a CSV file for columns to be named: the catalogue knows those of its tables");
        return table;
    }

    /// <summary>Opens a file, or a table of the catalogue by its name, by a known schema.</summary>
    /// <param name="source">As for <see cref="Open"/>.</param>
    /// <param name="schema">What the columns mean, such as those of the table of a fit.</param>
    /// <param name="options">How cells are written and what becomes of bad rows; the defaults where null.</param>
    /// <exception cref="NotFoundException">There is neither a file nor a data set of that name.</exception>
    /// <exception cref="DataException">As <see cref="ReadAs"/>; the data set is no table, or not on this machine.</exception>
    /// <exception cref="ShapeException">The table has other columns.</exception>
    public static NumericTable OpenAs(string source, TabularSchema schema, NumericTableOptions? options = null)
    {
        if (!IsName(source))
            return ReadAs(source, schema, options);
        NumericTable table = DataCatalog.Default.LoadTable(source);
        return table.Schema.FeatureNames.SequenceEqual(schema.FeatureNames) ? table
            : throw new ShapeException(source, [table.Count, table.Schema.FeatureCount], $"[rows, {schema.FeatureCount}], with the columns {Shortened(schema.FeatureNames)}");
    }

    // A file may be called anything; what has neither an extension nor a folder is looked up.
    private static bool IsName(string source) => !File.Exists(source) && Path.GetExtension(source).Length == 0 && Path.GetFileName(source) == source;

    /// <summary>Rows that are known already.</summary>
    internal static NumericTable Of(string source, double[,] rows, TabularSchema schema, IReadOnlyList<string>? labels) => new(source, rows, schema, labels);

    /// <summary>Reads a file and infers what its columns are: numbers where all cells are, categories elsewhere.</summary>
    /// <param name="path">A <c>.csv</c>, <c>.npy</c> or <c>.npz</c> file.</param>
    /// <param name="options">Label and special columns; the defaults where null.</param>
    /// <exception cref="DataException">Unreadable, not UTF-8, empty, a missing column, a missing value, text among numbers, a row of another length, or a column with nearly as many texts as rows; the message names file, line, row and column.</exception>
    /// <exception cref="CheckpointException">A NumPy file is damaged.</exception>
    public static NumericTable Read(string path, NumericTableOptions? options = null)
    {
        options ??= new();
        options.Validate();
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".npz" or ".npy" => ReadArray(path, null),
            _ => ReadText(path, options, null),
        };
    }

    /// <summary>Reads a file by a known schema: its columns are found by name, others are ignored.</summary>
    /// <param name="path">A <c>.csv</c>, <c>.npy</c> or <c>.npz</c> file.</param>
    /// <param name="schema">What the columns mean, such as those of the table of a fit.</param>
    /// <param name="options">How cells are written and what becomes of bad rows; the defaults where null.</param>
    /// <exception cref="DataException">As <see cref="Read"/>, and for a category that the schema lacks.</exception>
    /// <exception cref="ShapeException">An array has another number of columns.</exception>
    /// <exception cref="CheckpointException">A NumPy file is damaged.</exception>
    public static NumericTable ReadAs(string path, TabularSchema schema, NumericTableOptions? options = null)
    {
        options ??= new();
        options.Validate();
        return Path.GetExtension(path).ToLowerInvariant() switch
        {
            ".npz" or ".npy" => ReadArray(path, schema),
            _ => ReadText(path, options, schema),
        };
    }

    /// <summary>The features of one record: an object with a value for each column, or an array of all features.</summary>
    /// <param name="record">The record.</param>
    /// <param name="schema">What the columns mean.</param>
    /// <exception cref="DataException">A column is missing, no number, not finite, or an unknown category.</exception>
    public static double[] Features(JsonElement record, TabularSchema schema)
    {
        double[] features = new double[schema.FeatureCount];
        if (record.ValueKind == JsonValueKind.Array)
        {
            if (record.GetArrayLength() != features.Length)
                throw new DataException("record", $"has {record.GetArrayLength()} values", $"give {features.Length}: {Shortened(schema.FeatureNames)}");
            int position = 0;
            foreach (JsonElement value in record.EnumerateArray())
                features[position] = Finite(value, schema.FeatureNames[position++]);
            return features;
        }

        if (record.ValueKind != JsonValueKind.Object)
            throw new DataException("record", $"is {record.ValueKind.ToString().ToLowerInvariant()}", "give an object with a value for each column, or an array of numbers");
        int at = 0;
        foreach (TabularColumn column in schema.Columns)
        {
            if (!record.TryGetProperty(column.Name, out JsonElement value))
                throw new DataException("record", $"has no value for '{column.Name}'", Suggestion.For(column.Name, record.EnumerateObject().Select(p => p.Name)));
            if (column.Kind == ColumnKind.Numeric)
                features[at] = Finite(value, column.Name);
            else
                features[at + Category(value, column)] = 1;
            at += column.Width;
        }

        return features;
    }

    /// <summary>The features of a row of text.</summary>
    /// <param name="header">The columns' names.</param>
    /// <param name="cells">A cell for each.</param>
    /// <param name="schema">What the columns mean.</param>
    /// <param name="decimalMark">What stands before the fraction of a number: a point or a comma.</param>
    /// <exception cref="DataException">A column is missing, no number, not finite, or an unknown category.</exception>
    public static double[] Features(IReadOnlyList<string> header, IReadOnlyList<string> cells, TabularSchema schema, string decimalMark = ".")
    {
        CellFormat.Validate(decimalMark, null);
        CellFormat format = decimalMark == "." ? CellFormat.Default : new(decimalMark, null);
        double[] features = new double[schema.FeatureCount];
        int at = 0;
        foreach (TabularColumn column in schema.Columns)
        {
            int position = -1;
            for (int i = 0; i < header.Count && position < 0; i++)
                position = header[i] == column.Name ? i : -1;
            if (position < 0)
                throw new DataException("row", $"has no column '{column.Name}'", Suggestion.For(column.Name, header));
            string cell = cells[position].Trim();
            if (format.IsMissing(cell))
                throw new DataException($"row, '{column.Name}'", "is missing", "fill it in or leave the row out");
            if (column.Kind == ColumnKind.Categorical)
                features[at + Category(cell, column, "row")] = 1;
            else if (format.TryNumber(cell, out double number) && double.IsFinite(number))
                features[at] = number;
            else
                throw new DataException($"row, '{column.Name}'", $"is '{Shortened([cell])}', no finite number", format.IsOtherNumber(cell) ? $"set the decimal mark to '{format.OtherMark}'" : "mend the value or leave the row out");
            at += column.Width;
        }

        return features;
    }

    private static double Finite(JsonElement value, string column)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number))
            return number;
        throw new DataException($"record, '{column}'", $"is {Shortened([value.GetRawText()])}, no finite number", "mend the value or leave the record out");
    }

    private static string Shortened(IEnumerable<string> texts)
    {
        string all = string.Join(", ", texts);
        return all.Length <= 80 ? all : all[..77] + "...";
    }

    private static int Category(string value, TabularColumn column, string where)
    {
        for (int i = 0; i < column.Categories.Count; i++)
        {
            if (column.Categories[i] == value)
                return i;
        }

        throw new DataException($"{where}, column '{column.Name}'", $"'{value}' is not a known category", Suggestion.For(value, column.Categories));
    }

    // A truth value is the category of that name, a number the category that is the same number.
    private static int Category(JsonElement value, TabularColumn column)
    {
        string text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
            _ => throw new DataException($"record, column '{column.Name}'", $"is {Shortened([value.GetRawText()])}, no category", "give a text, a number, true or false"),
        };
        if (value.ValueKind == JsonValueKind.String || column.Categories.Contains(text))
            return Category(text, column, "record");
        bool isNumber = value.ValueKind == JsonValueKind.Number;
        double number = isNumber ? value.GetDouble() : 0;
        for (int i = 0; i < column.Categories.Count; i++)
        {
            if (isNumber ? CellFormat.Default.TryNumber(column.Categories[i], out double other) && other == number : column.Categories[i].Equals(text, StringComparison.OrdinalIgnoreCase))
                return i;
        }

        return Category(text, column, "record");
    }

    private static Span<double> Row(double[,] rows, int row, int width) => MemoryMarshal.CreateSpan(ref rows[row, 0], width);

    private static NumericTable ReadArray(string path, TabularSchema? schema)
    {
        NpyArray x;
        IReadOnlyList<string>? labels = null;
        if (string.Equals(Path.GetExtension(path), ".npy", StringComparison.OrdinalIgnoreCase))
        {
            x = NpyArray.Read(path);
        }
        else
        {
            NpzFile file = NpzFile.Open(path);
            x = file.Load(file.Contains("X") || file.Names.Count() != 1 ? "X" : file.Names.Single());
            if (file.Contains("y"))
                labels = [.. file.Load("y").ToDoubles().Select(v => v.ToString(CultureInfo.InvariantCulture))];
        }

        if (x.Shape is not [var count, var width] || count == 0 || width == 0 || (labels is not null && labels.Count != count))
            throw new DataException(path, $"holds a table of shape [{string.Join(", ", x.Shape)}]", "give an array of [rows, columns], and as many labels in y if there are any");
        if (schema is not null && schema.FeatureCount != width)
            throw new ShapeException(path, x.Shape, $"[rows, {schema.FeatureCount}]");
        CsvContent.Require(path, count, width, []);
        double[] values = x.ToDoubles();
        if (Array.FindIndex(values, v => !double.IsFinite(v)) is >= 0 and var bad)
            throw new DataException(string.Create(CultureInfo.InvariantCulture, $"{path}, row {(bad / width) + 1}, column {bad % width}"), double.IsNaN(values[bad]) ? "is NaN" : "is infinite", "fill the value in, or leave the row out");
        double[,] rows = Table(values, (int)count, (int)width);
        return new(path, rows, schema ?? Described(rows), labels);
    }

    private static TabularSchema Described(double[,] rows) => new([.. Enumerable.Range(0, rows.GetLength(1)).Select(j =>
    {
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (int i = 0; i < rows.GetLength(0); i++)
            (low, high) = (Math.Min(low, rows[i, j]), Math.Max(high, rows[i, j]));
        return new TabularColumn(string.Create(CultureInfo.InvariantCulture, $"column {j}"), ColumnKind.Numeric, low, high, []);
    })], "", []);

    private static double[,] Table(double[] values, int count, int width)
    {
        double[,] rows = new double[count, width];
        values.CopyTo(MemoryMarshal.CreateSpan(ref rows[0, 0], values.Length));
        return rows;
    }

    private static NumericTable ReadText(string path, NumericTableOptions options, TabularSchema? schema)
    {
        CsvContent table = CsvContent.Read(DatasetFile.Uncompressed(DatasetFile.ReadAll(path), path), path, h => Wanted(h, path, options, schema), options.BadRows);
        TabularSchema found = schema ?? new([.. table.Columns.Select(c => c.Describe(table.Count))], table.Labels?.Name ?? "", []);
        double[] features = table.Features(found.Columns, path);
        return new(path, Table(features, table.Count, found.FeatureCount), found, table.Labels?.Texts(table.Count), table.Numbers) { LeftOut = table.LeftOut, Warnings = table.Warnings };
    }

    private static (CsvColumn[] Columns, CsvColumn? Labels) Wanted(CsvHeader header, string path, NumericTableOptions options, TabularSchema? schema)
    {
        string label = schema?.Target is { Length: > 0 } target && header.Names.Contains(target) ? target : options.Label ?? "";
        foreach (string named in options.Categorical.Concat(options.Exclude).Concat(label.Length > 0 ? [label] : []))
            _ = header.Position(named, path);
        CsvColumn[] columns = [.. schema is null
            ? header.Names.Where(n => n != label && !options.Exclude.Contains(n)).Select(n => options.Categorical.Contains(n)
                ? CsvColumn.OfCategories(n, header.Position(n, path), options.Format) : CsvColumn.Undecided(n, header.Position(n, path), options.Format))
            : schema.Columns.Select(c => c.Kind == ColumnKind.Numeric
                ? CsvColumn.OfNumbers(c.Name, header.Position(c.Name, path), options.Format)
                : CsvColumn.OfCategories(c.Name, header.Position(c.Name, path), options.Format, c.Categories))];
        if (columns.Length == 0)
            throw new DataException(path, "has no columns to learn from", "give at least one beside the label");

        // Any label is a label, an empty one too.
        return (columns, label.Length > 0 ? CsvColumn.OfCategories(label, header.Position(label, path), new CellFormat(".", [])) : null);
    }
}
