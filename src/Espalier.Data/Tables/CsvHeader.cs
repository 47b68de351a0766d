using System.Globalization;
using System.Text;
using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>The first row of a CSV file: the columns' names, and the separator that they reveal.</summary>
public sealed class CsvHeader
{
    private static readonly byte[] s_separators = [(byte)',', (byte)';', (byte)'\t', (byte)'|'];

    private CsvHeader(IReadOnlyList<string> names, byte separator, int length, long nextLine) =>
        (Names, Separator, Length, NextLine) = (names, separator, length, nextLine);

    /// <summary>The columns' names in the order of the file, without blanks around them.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The comma, semicolon, tab or bar that gives the header the most columns; the comma where none of them occurs.</summary>
    public byte Separator { get; }

    /// <summary>How many bytes of the file the header takes, a byte-order mark and the end of its line included.</summary>
    public int Length { get; }

    /// <summary>The line after the header, counted from 1.</summary>
    public long NextLine { get; }

    /// <summary>Whether most of the names are numbers: the file may have no header.</summary>
    public bool IsMostlyNumbers => Names.Count(n => double.TryParse(n, NumberStyles.Float, CultureInfo.InvariantCulture, out _)) * 2 > Names.Count;

    /// <summary>Reads the header at the start of a file.</summary>
    /// <param name="content">The file's bytes, UTF-8, or those that are there of it.</param>
    /// <param name="source">What it is, for messages.</param>
    /// <param name="isWhole">Whether the file ends where <paramref name="content"/> does.</param>
    /// <returns>The header; null where it is not whole yet, or the file is empty.</returns>
    /// <exception cref="DataException">It is not UTF-8, a quoted name has no end, or two columns have one name.</exception>
    public static CsvHeader? Read(ReadOnlyMemory<byte> content, string source, bool isWhole = true)
    {
        int mark = content.Span.StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.Preamble.Length : 0;
        CsvReader? best = null;
        foreach (byte separator in s_separators)
        {
            var reader = new CsvReader(content[mark..], separator, 1, mark, isWhole);
            if (!reader.Next())
                return null;
            if (best is null || (reader.Problem is null && (best.Problem is not null || reader.CellCount > best.CellCount)))
                best = reader;
        }

        if (best!.Problem is { } problem)
            throw new DataException($"{source}, line {best.Line}", problem, best.Remedy!);
        string[] names = [.. Enumerable.Range(0, best.CellCount).Select(i => best.Text(i).Trim())];
        var header = new CsvHeader(names, best.Separator, mark + best.Consumed, best.NextLine);
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new DataException(source, $"has the column '{twice.Key}' {(twice.Count() == 2 ? "twice" : $"{twice.Count()} times")}",
                header.IsMostlyNumbers ? "the first line must be a header with the columns' names" : "give each column a name of its own");
        return header;
    }

    /// <summary>The position of a column.</summary>
    /// <param name="column">Its name.</param>
    /// <param name="source">What the file is, for messages.</param>
    /// <exception cref="DataException">There is none of that name.</exception>
    internal int Position(string column, string source)
    {
        for (int i = 0; i < Names.Count; i++)
        {
            if (Names[i] == column)
                return i;
        }

        throw new DataException(source, $"has no column '{column}'", Suggestion.For(column, Names));
    }
}
