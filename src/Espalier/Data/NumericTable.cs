using System.Globalization;
using System.Text.Json;
using Espalier.Files;
using nietras.SeparatedValues;

namespace Espalier.Data;

/// <summary>
/// Rows of numbers in double precision from a CSV file with a header, a NumPy <c>.npy</c> table or the array <c>X</c> of an
/// <c>.npz</c> archive: what detectors and monitors of tables take. A category becomes one feature for each of its values.
/// </summary>
public sealed class NumericTable
{
    private static readonly string[] s_missing = ["", "?", "NA", "N/A", "NaN", "null"];

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
            Buffer.BlockCopy(Rows, chosen[i] * width * sizeof(double), rows, i * width * sizeof(double), width * sizeof(double));
        return new(Source, rows, Schema, [.. chosen.Select(i => Labels[i])], [.. chosen.Select(i => Numbers[i])]);
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
    /// <exception cref="NotFoundException">There is neither a file nor a data set of that name.</exception>
    /// <exception cref="DataException">As <see cref="ReadAs"/>; the data set is no table, or not on this machine.</exception>
    /// <exception cref="ShapeException">The table has other columns.</exception>
    public static NumericTable OpenAs(string source, TabularSchema schema)
    {
        if (!IsName(source))
            return ReadAs(source, schema);
        NumericTable table = DataCatalog.Default.LoadTable(source);
        return table.Schema.FeatureNames.SequenceEqual(schema.FeatureNames) ? table
            : throw new ShapeException(source, [table.Count, table.Schema.FeatureCount], $"[rows, {schema.FeatureCount}], with the columns {Shortened(schema.FeatureNames)}");
    }

    // A file may be called anything; what has neither an extension nor a folder is looked up.
    private static bool IsName(string source) => !File.Exists(source) && Path.GetExtension(source).Length == 0 && Path.GetFileName(source) == source;

    /// <summary>Rows that are known already.</summary>
    internal static NumericTable Of(string source, double[,] rows, TabularSchema schema, IReadOnlyList<string>? labels) => new(source, rows, schema, labels);

    /// <summary>Reads a file and infers what its columns are from the first row: a number there means numbers throughout.</summary>
    /// <param name="path">A <c>.csv</c>, <c>.npy</c> or <c>.npz</c> file.</param>
    /// <param name="options">Label and special columns; the defaults where null.</param>
    /// <exception cref="DataException">Unreadable, empty, a missing column, a missing value, text among numbers, or a row of another length; the message names file, line and column.</exception>
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
    /// <exception cref="DataException">As <see cref="Read"/>, and for a category that the schema lacks.</exception>
    /// <exception cref="ShapeException">An array has another number of columns.</exception>
    /// <exception cref="CheckpointException">A NumPy file is damaged.</exception>
    public static NumericTable ReadAs(string path, TabularSchema schema) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".npz" or ".npy" => ReadArray(path, schema),
        _ => ReadText(path, new(), schema),
    };

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
                features[at + Category(value.ToString(), column, "record")] = 1;
            at += column.Width;
        }

        return features;
    }

    /// <summary>The features of a row of text.</summary>
    /// <param name="header">The columns' names.</param>
    /// <param name="cells">A cell for each.</param>
    /// <param name="schema">What the columns mean.</param>
    /// <exception cref="DataException">A column is missing, no number, not finite, or an unknown category.</exception>
    public static double[] Features(IReadOnlyList<string> header, IReadOnlyList<string> cells, TabularSchema schema)
    {
        double[] features = new double[schema.FeatureCount];
        int at = 0;
        foreach (TabularColumn column in schema.Columns)
        {
            int position = -1;
            for (int i = 0; i < header.Count && position < 0; i++)
                position = header[i] == column.Name ? i : -1;
            if (position < 0)
                throw new DataException("row", $"has no column '{column.Name}'", Suggestion.For(column.Name, header));
            if (column.Kind == ColumnKind.Categorical)
                features[at + Category(cells[position], column, "row")] = 1;
            else if (double.TryParse(cells[position], NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number))
                features[at] = number;
            else
                throw new DataException($"row, '{column.Name}'", $"is '{Shortened([cells[position]])}', no finite number", "mend the value or leave the row out");
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
        double[,] rows = new double[count, width];
        double[] values = x.ToDoubles();
        Buffer.BlockCopy(values, 0, rows, 0, values.Length * sizeof(double));
        if (schema is not null && schema.FeatureCount != width)
            throw new ShapeException(path, x.Shape, $"[rows, {schema.FeatureCount}]");
        return new(path, rows, schema ?? Described(rows), labels);
    }

    private static TabularSchema Described(double[,] rows) => new([.. Enumerable.Range(0, rows.GetLength(1)).Select(j =>
    {
        (double low, double high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (int i = 0; i < rows.GetLength(0); i++)
            (low, high) = (Math.Min(low, rows[i, j]), Math.Max(high, rows[i, j]));
        return new TabularColumn(string.Create(CultureInfo.InvariantCulture, $"column {j}"), ColumnKind.Numeric, low, high, []);
    })], "", []);

    private static NumericTable ReadText(string path, NumericTableOptions options, TabularSchema? schema)
    {
        try
        {
            using SepReader reader = Sep.Reader(o => o with { Unescape = true, DisableColCountCheck = true }).From(DatasetFile.Uncompressed(DatasetFile.ReadAll(path), path));
            return ReadRows(reader, path, options, schema);
        }
        catch (Exception error) when (error is InvalidDataException or NotSupportedException or ArgumentException)
        {
            throw new DataException(path, $"is not a CSV table ({error.Message})", "give a text file with a header and one row per line", error);
        }
    }

    private static NumericTable ReadRows(SepReader reader, string path, NumericTableOptions options, TabularSchema? schema)
    {
        IReadOnlyList<string> header = reader.Header.ColNames;
        string label = schema?.Target is { Length: > 0 } target && header.Contains(target) ? target : options.Label ?? "";
        foreach (string named in options.Categorical.Concat(options.Exclude).Concat(label.Length > 0 ? [label] : []))
            _ = Position(named);
        string[] names = schema is null ? [.. header.Where(h => h != label && !options.Exclude.Contains(h))] : [.. schema.Columns.Select(c => c.Name)];
        if (names.Length == 0)
            throw new DataException(path, "has no columns to learn from", "give at least one beside the label");
        int[] positions = [.. names.Select(Position)];
        bool?[] isNumeric = [.. names.Select((n, j) => schema is not null ? schema.Columns[j].Kind == ColumnKind.Numeric : options.Categorical.Contains(n) ? false : (bool?)null)];
        var numbers = new List<double>[names.Length];
        var texts = new List<string>[names.Length];
        for (int j = 0; j < names.Length; j++)
            (numbers[j], texts[j]) = ([], []);
        List<string>? labels = label.Length > 0 ? [] : null;
        int labelAt = label.Length > 0 ? Position(label) : -1;
        int count = 0;
        foreach (SepReader.Row row in reader)
        {
            if (row.ColCount == 1 && row[0].Span.IsEmpty)
                continue; // An empty line, mostly the last one.
            if (row.ColCount != header.Count)
                throw new DataException($"{path}, line {row.LineNumberFrom}", $"has {row.ColCount} columns, the header {header.Count}", "mend the row; quote values that hold the separator");
            for (int j = 0; j < names.Length; j++)
            {
                ReadOnlySpan<char> cell = row[positions[j]].Span.Trim();
                string where = $"{path}, line {row.LineNumberFrom}, column '{names[j]}'";
                foreach (string mark in s_missing)
                {
                    if (cell.Equals(mark, StringComparison.OrdinalIgnoreCase))
                        throw new DataException(where, "the value is missing", "fill it in, or leave the row or the column out");
                }

                bool parsed = double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double number);
                isNumeric[j] ??= parsed;
                if (isNumeric[j] == false)
                    texts[j].Add(cell.ToString());
                else if (parsed && double.IsFinite(number))
                    numbers[j].Add(number);
                else
                    throw new DataException(where, $"'{cell}' is no finite number", "mend the value, or name the column as categorical");
            }

            labels?.Add(row[labelAt].Span.Trim().ToString());
            count++;
        }

        if (count == 0)
            throw new DataException(path, "has no rows", "give at least one");
        schema ??= new([.. names.Select((n, j) => isNumeric[j] == true
            ? new TabularColumn(n, ColumnKind.Numeric, numbers[j].Min(), numbers[j].Max(), [])
            : new TabularColumn(n, ColumnKind.Categorical, 0, 1, [.. texts[j].Distinct().Order(StringComparer.Ordinal)]))], label, []);
        double[,] rows = new double[count, schema.FeatureCount];
        for (int j = 0, at = 0; j < names.Length; at += schema.Columns[j++].Width)
        {
            for (int i = 0; i < count; i++)
            {
                if (isNumeric[j] == true)
                    rows[i, at] = numbers[j][i];
                else
                    rows[i, at + Category(texts[j][i], schema.Columns[j], $"{path}, row {i + 1}")] = 1;
            }
        }

        return new(path, rows, schema, labels);

        int Position(string column)
        {
            for (int i = 0; i < header.Count; i++)
            {
                if (header[i] == column)
                    return i;
            }

            throw new DataException(path, $"has no column '{column}'", Suggestion.For(column, header));
        }
    }
}
