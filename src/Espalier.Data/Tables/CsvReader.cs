using System.Globalization;
using System.Text;
using System.Text.Unicode;
using Espalier.Errors;

namespace Espalier.Data.Tables;

/// <summary>
/// The rows of a CSV file, one after another. A quote is special only as the first character of a cell; within such a cell, two
/// quotes are one, and separators and line ends belong to the cell. A row ends with a line feed, a carriage return, or both. Empty lines
/// are passed over. A row that breaks a rule does not end the reading: <see cref="Problem"/> says what is wrong with it.
/// </summary>
/// <remarks>
/// Sep and most other readers take a quote anywhere in a cell as the start of a quotation, and none of them say where in the file an
/// unfinished last row begins, which following a growing file needs. Not thread-safe.
/// </remarks>
public sealed class CsvReader
{
    private const byte Quote = (byte)'"';
    private const byte LineFeed = (byte)'\n';
    private const byte Return = (byte)'\r';

    /// <summary>What is wrong with a row whose quoted cell has no end.</summary>
    public const string Unclosed = "has a quote at the start of a cell that is never closed";

    private readonly ReadOnlyMemory<byte> _content;
    private readonly long _offset;
    private readonly bool _isWhole;
    private readonly List<(int Start, int Length, bool IsUnescaped)> _cells = [];
    private byte[] _unescaped = [];
    private int _unescapedLength;

    /// <summary>Reads rows.</summary>
    /// <param name="content">UTF-8, from the start of a row on.</param>
    /// <param name="separator">What stands between cells: <see cref="CsvHeader.Separator"/>.</param>
    /// <param name="line">The line in the file that <paramref name="content"/> begins with, counted from 1.</param>
    /// <param name="offset">The byte in the file that it begins with, from 0; for messages.</param>
    /// <param name="isWhole">Whether the file ends with it; else a last row without an end is left for later.</param>
    public CsvReader(ReadOnlyMemory<byte> content, byte separator, long line = 1, long offset = 0, bool isWhole = true) =>
        (_content, Separator, NextLine, _offset, _isWhole) = (content, separator, line, offset, isWhole);

    /// <summary>What stands between cells.</summary>
    public byte Separator { get; }

    /// <summary>The line that the current row begins with, counted from 1.</summary>
    public long Line { get; private set; }

    /// <summary>The line that the next row begins with.</summary>
    public long NextLine { get; private set; }

    /// <summary>The current row's number, counted from 1; the header, empty lines and rows before <c>content</c> do not count.</summary>
    public int Row { get; private set; }

    /// <summary>Number of bytes of the content up to the end of the current row.</summary>
    public int Consumed { get; private set; }

    /// <summary>Number of cells of the current row.</summary>
    public int CellCount => _cells.Count;

    /// <summary>What is wrong with the current row; null where nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>How to mend it.</summary>
    public string? Remedy { get; private set; }

    /// <summary>Whether the current row has a quoted cell that no quote ends: it takes all that is left of the file.</summary>
    public bool IsUnclosed { get; private set; }

    /// <summary>Goes on to the next row.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Next()
    {
        ReadOnlySpan<byte> content = _content.Span;
        while (true)
        {
            (Problem, Remedy, IsUnclosed, Line) = (null, null, false, NextLine);
            int start = Consumed;
            if (start >= content.Length || !Scan(content, start, out int end, out long nextLine))
                return false;
            (Consumed, NextLine) = (end, nextLine);
            if (_cells is [(var first, 0, false)] && first == start)
                continue;                                                   // An empty line, mostly the last one.
            Row++;
            ReadOnlySpan<byte> row = content[start..end];
            if (!Utf8.IsValid(row))
                (Problem, Remedy) = (string.Create(CultureInfo.InvariantCulture, $"is not UTF-8 at byte {_offset + start + FirstInvalid(row)}"), "save the file as UTF-8");
            return true;
        }
    }

    /// <summary>A cell of the current row, UTF-8, without its quotes; valid until the next row.</summary>
    /// <param name="index">Which, from 0.</param>
    public ReadOnlySpan<byte> Bytes(int index)
    {
        (int start, int length, bool isUnescaped) = _cells[index];
        return isUnescaped ? _unescaped.AsSpan(start, length) : _content.Span.Slice(start, length);
    }

    /// <summary>A cell of the current row, without its quotes.</summary>
    /// <param name="index">Which, from 0.</param>
    public string Text(int index) => Encoding.UTF8.GetString(Bytes(index));

    /// <summary>Passes over the unfinished row that <see cref="Next"/> stopped at, up to the end of its first line.</summary>
    /// <returns>Whether that line has an end.</returns>
    public bool SkipLine()
    {
        ReadOnlySpan<byte> rest = _content.Span[Consumed..];
        int end = rest.IndexOf(LineFeed);
        if (end < 0 && !_isWhole)
            return false;
        (Line, Consumed) = (NextLine, end < 0 ? _content.Length : Consumed + end + 1);
        NextLine++;
        return true;
    }

    /// <summary>The position of the first byte that is not UTF-8; -1 where all is.</summary>
    internal static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
            return -1;
        for (int at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf8(text[at..], out _, out int length) != System.Buffers.OperationStatus.Done)
                return at;
            at += length;
        }

        return -1;
    }

    /// <summary>Where a row is, as messages say it.</summary>
    internal static string Place(string source, long line, int row) => string.Create(CultureInfo.InvariantCulture, $"{source}, line {line} (row {row})");

    /// <summary>Refuses the current row where it breaks a rule, or has another number of cells than the header.</summary>
    internal void Require(CsvHeader header, string source)
    {
        if (Problem is { } problem)
            throw new DataException(Place(source, Line, Row), problem, Remedy!);
        if (CellCount != header.Names.Count)
            throw new DataException(Place(source, Line, Row), $"has {CellCount} columns, the header {header.Names.Count}", "mend the row; quote values that hold the separator");
    }

    // False where the row has no end yet.
    private bool Scan(ReadOnlySpan<byte> content, int start, out int end, out long nextLine)
    {
        _cells.Clear();
        _unescapedLength = 0;
        nextLine = NextLine;
        end = content.Length;
        for (int at = start; ;)
        {
            if (at < content.Length && content[at] == Quote)
            {
                if (!Quoted(content, ref at, ref nextLine))
                    return false;
            }
            else
            {
                int length = content[at..].IndexOfAny(Separator, LineFeed, Return);
                length = length < 0 ? content.Length - at : length;
                _cells.Add((at, length, false));
                at += length;
            }

            if (at >= content.Length)
                return _isWhole;
            if (content[at] == Separator)
            {
                at++;
                continue;
            }

            // A carriage return at the very end may be the first half of a line end.
            if (content[at] == Return && at + 1 == content.Length && !_isWhole)
                return false;
            end = at + (content[at] == Return && at + 1 < content.Length && content[at + 1] == LineFeed ? 2 : 1);
            nextLine++;
            return true;
        }
    }

    private bool Quoted(ReadOnlySpan<byte> content, ref int at, ref long nextLine)
    {
        int start = at + 1;
        int from = _unescapedLength;
        bool isUnescaped = false;
        for (int cell = start; ;)
        {
            int length = content[cell..].IndexOf(Quote);
            if (length < 0)
            {
                if (!_isWhole)
                    return false;
                (Problem, Remedy, IsUnclosed) = (Unclosed, "close it; a quote that belongs to the text is doubled, in a quoted cell", true);
                _cells.Add((start, content.Length - start, false));
                at = content.Length;
                return true;
            }

            cell += length;
            if (cell + 1 >= content.Length && !_isWhole)
                return false;                                               // The quote may be the first of two.
            if (cell + 1 < content.Length && content[cell + 1] == Quote)
            {
                Keep(content[start..(cell + 1)]);
                (isUnescaped, start, cell) = (true, cell + 2, cell + 2);
                continue;
            }

            nextLine += Lines(content[(at + 1)..cell]);
            at = cell + 1;
            if (isUnescaped)
            {
                Keep(content[start..cell]);
                _cells.Add((from, _unescapedLength - from, true));
            }
            else
            {
                _cells.Add((start, cell - start, false));
            }

            break;
        }

        int rest = content[at..].IndexOfAny(Separator, LineFeed, Return);
        rest = rest < 0 ? content.Length - at : rest;
        if (rest > 0)
        {
            (Problem, Remedy) = ($"has text after the closing quote of cell {_cells.Count}", "double the quotes within a quoted cell");
            at += rest;
        }

        return true;
    }

    private static int Lines(ReadOnlySpan<byte> cell)
    {
        int lines = cell.Count(LineFeed);
        for (int at = cell.IndexOf(Return); at >= 0 && at < cell.Length;)
        {
            if (at + 1 == cell.Length || cell[at + 1] != LineFeed)
                lines++;
            int next = cell[(at + 1)..].IndexOf(Return);
            at = next < 0 ? -1 : at + 1 + next;
        }

        return lines;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_unescapedLength + bytes.Length > _unescaped.Length)
            Array.Resize(ref _unescaped, Math.Max(256, 2 * (_unescapedLength + bytes.Length)));
        bytes.CopyTo(_unescaped.AsSpan(_unescapedLength));
        _unescapedLength += bytes.Length;
    }
}
