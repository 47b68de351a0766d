using System.Globalization;
using System.Text;
using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>What a CSV file holds, column by column: the one way from bytes to numbers and categories.</summary>
internal sealed class CsvContent
{
    // A column of categories with more values than this, and than half of the rows, is an identifier or free text.
    private const int MostFreeCategories = 100;

    private CsvContent(CsvHeader header, CsvColumn[] columns, CsvColumn? labels) => (Header, Columns, Labels) = (header, columns, labels);

    public CsvHeader Header { get; }

    public CsvColumn[] Columns { get; }

    public CsvColumn? Labels { get; }

    /// <summary>How many rows were kept.</summary>
    public int Count { get; private set; }

    /// <summary>The number of each kept row in the file, from 0.</summary>
    public IReadOnlyList<int> Numbers { get; private set; } = [];

    public IReadOnlyList<LeftOutRow> LeftOut { get; private set; } = [];

    public IReadOnlyList<string> Warnings { get; private set; } = [];

    /// <summary>Reads a file's content.</summary>
    /// <param name="content">The bytes, uncompressed.</param>
    /// <param name="source">What it is, for messages.</param>
    /// <param name="columns">Says which columns are wanted, and which of them says what a row is.</param>
    /// <param name="badRows">What becomes of rows that cannot be used.</param>
    public static CsvContent Read(ReadOnlyMemory<byte> content, string source, Func<CsvHeader, (CsvColumn[] Columns, CsvColumn? Labels)> columns, BadRows badRows)
    {
        CsvHeader header = CsvHeader.Read(content, source) ?? throw new DataException(source, "has no header", "give a text file with a header and one row per line");
        (CsvColumn[] wanted, CsvColumn? labels) = columns(header);
        var table = new CsvContent(header, wanted, labels);
        var warnings = new List<string>();
        if (header.IsMostlyNumbers)
            warnings.Add($"the header is made of numbers ({Shortened(string.Join(", ", header.Names))}): without a header the first row is lost");
        int rows = table.Look(content, source);
        if (rows == 0)
            throw new DataException(source, "has no rows", "give at least two");
        foreach (CsvColumn column in wanted)
        {
            if (column.Decide() is { } warning)
                warnings.Add(warning);
            column.Reserve(rows);
        }

        labels?.Reserve(rows);
        table.Take(content, source, badRows);
        table.Warnings = warnings;
        foreach (CsvColumn column in wanted.Where(c => c.IsInferred && c.Kind == ColumnKind.Categorical && c.CategoryCount > MostFreeCategories && c.CategoryCount > table.Count / 2))
            throw new DataException($"{source}, column '{column.Name}'", string.Create(CultureInfo.InvariantCulture, $"holds {column.CategoryCount:N0} different texts in {table.Count:N0} rows"),
                "exclude it if it names the rows; name it as categorical if its values come again");
        return table;
    }

    /// <summary>The features of all rows, row-major.</summary>
    /// <exception cref="DataException">They do not fit into memory.</exception>
    public double[] Features(IReadOnlyList<TabularColumn> schema, string source)
    {
        long width = schema.Sum(c => (long)c.Width);
        Require(source, Count, width, schema);
        double[] features = new double[Count * (int)width];
        int feature = 0;
        for (int c = 0; c < Columns.Length; c++)
        {
            Columns[c].Fill(features, Count, feature, (int)width, schema[c].Categories);
            feature += schema[c].Width;
        }

        return features;
    }

    /// <summary>Refuses a table that does not fit into memory, before it is made.</summary>
    public static void Require(string source, long rows, long width, IReadOnlyList<TabularColumn> columns)
    {
        long most = Math.Min(Array.MaxLength, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (2 * sizeof(double)));
        if (rows == 0 || width <= most / rows)
            return;
        TabularColumn? widest = columns.MaxBy(c => c.Width);
        throw new DataException(widest is { Width: > 1 } ? $"{source}, column '{widest.Name}'" : source,
            string.Create(CultureInfo.InvariantCulture, $"{(widest is { Width: > 1 } ? $"holds {widest.Width:N0} categories: " : "")}{rows:N0} rows of {width:N0} features take {rows * (double)width * sizeof(double) / (1L << 30):N1} GiB"),
            "exclude columns, or give fewer rows");
    }

    private int Look(ReadOnlyMemory<byte> content, string source)
    {
        CsvReader reader = Reader(content);
        CsvColumn[] undecided = [.. Columns.Where(c => c.IsUndecided)];
        char[] buffer = [];
        while (reader.Next())
        {
            reader.Require(Header, source);
            foreach (CsvColumn column in undecided)
                column.Look(Cell(reader, column.Position, ref buffer), reader, source);
        }

        return reader.Row;
    }

    private void Take(ReadOnlyMemory<byte> content, string source, BadRows badRows)
    {
        CsvReader reader = Reader(content);
        CsvColumn[] all = Labels is null ? Columns : [.. Columns, Labels];
        var numbers = new List<int>();
        var leftOut = new List<LeftOutRow>();
        char[] buffer = [];
        while (reader.Next())
        {
            bool isGood = true;
            foreach (CsvColumn column in all)
            {
                if (column.TakeNumber(reader.Row - 1) || column.Take(Cell(reader, column.Position, ref buffer)) is not { } bad)
                    continue;
                if (badRows == BadRows.Refuse)
                    throw new DataException($"{CsvReader.Place(source, reader.Line, reader.Row)}, column '{column.Name}'", bad.Problem, bad.Remedy);
                leftOut.Add(new(reader.Row - 1, reader.Line, $"column '{column.Name}': {bad.Problem}"));
                isGood = false;
                break;
            }

            if (!isGood)
                continue;
            foreach (CsvColumn column in all)
                column.Keep(numbers.Count);
            numbers.Add(reader.Row - 1);
        }

        (Count, Numbers, LeftOut) = (numbers.Count, numbers, leftOut);
        if (Count == 0)
            throw new DataException(CsvReader.Place(source, leftOut[0].Line, leftOut[0].Row + 1), leftOut[0].Problem, "no row can be used: mend the values");
    }

    private CsvReader Reader(ReadOnlyMemory<byte> content) => new(content[Header.Length..], Header.Separator, Header.NextLine, Header.Length);

    private static ReadOnlySpan<char> Cell(CsvReader reader, int position, ref char[] buffer)
    {
        ReadOnlySpan<byte> bytes = reader.Bytes(position);
        if (buffer.Length < bytes.Length)
            buffer = new char[Math.Max(64, 2 * bytes.Length)];
        int length = Encoding.UTF8.GetChars(bytes, buffer);
        return buffer.AsSpan(0, length).Trim();
    }

    private static string Shortened(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
