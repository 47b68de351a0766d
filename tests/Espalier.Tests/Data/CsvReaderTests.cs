using System.Text;
using CsCheck;
using Espalier.Data.Tables;

namespace Espalier.Tests.Data;

public sealed class CsvReaderTests
{
    private static List<string[]> Rows(byte[] content, bool isWhole = true)
    {
        var reader = new CsvReader(content, (byte)',', isWhole: isWhole);
        var rows = new List<string[]>();
        while (reader.Next())
        {
            Assert.Null(reader.Problem);
            rows.Add([.. Enumerable.Range(0, reader.CellCount).Select(reader.Text)]);
        }

        return rows;
    }

    // Quoted as RFC 4180 says.
    private static string Written(string[] row) => string.Join(',', row.Select(c => $"\"{c.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));

    [Fact]
    public void What_is_written_by_the_rules_is_read_back()
    {
        Gen<string> cell = Gen.OneOf(new[] { "a", "\"", ",", "\n", "\r", "\r\n", "\u00e9", " ", "" }.Select(t => Gen.Const(t)).ToArray()).Array[0, 4].Select(string.Concat);
        cell.Array[1, 3].Array[1, 5].Sample(rows =>
        {
            string text = string.Concat(rows.Select(r => Written(r) + "\r\n"));
            Assert.Equal(rows, Rows(Encoding.UTF8.GetBytes(text)));
        }, iter: 2000, threads: 1);
    }

    [Fact]
    public void Reading_in_pieces_gives_the_rows_of_the_whole()
    {
        byte[] content = Encoding.UTF8.GetBytes("1,\"a\nb\"\r\n\n2,\"\"\"\"\r\n3,5\" pipe\n\u00e9,\"x,\"\"y\"\"\"\r4,z\n");
        List<string[]> whole = Rows(content);
        Assert.Equal(5, whole.Count);
        for (int cut = 0; cut <= content.Length; cut++)
        {
            // What is not whole yet is left; the rest is read from where the first part ended.
            var first = new CsvReader(content.AsMemory(0, cut), (byte)',', isWhole: false);
            var rows = new List<string[]>();
            while (first.Next())
                rows.Add([.. Enumerable.Range(0, first.CellCount).Select(first.Text)]);
            rows.AddRange(Rows(content[first.Consumed..]));
            Assert.Equal(whole, rows);
        }
    }

    [Fact]
    public void Lines_rows_and_bytes_are_those_of_the_file()
    {
        byte[] content = [.. "x,\"1\r\n2\n3\"\n\n\ny,"u8, 0xff, (byte)'\n', .. "z,1\n"u8];
        var reader = new CsvReader(content, (byte)',', line: 2, offset: 100);
        Assert.True(reader.Next());
        Assert.Equal((2L, 1), (reader.Line, reader.Row));
        Assert.True(reader.Next());
        Assert.Equal((7L, 2, $"is not UTF-8 at byte {100 + Array.IndexOf(content, (byte)0xff)}"), (reader.Line, reader.Row, reader.Problem));
        Assert.True(reader.Next());
        Assert.Equal((8L, 3, (string?)null), (reader.Line, reader.Row, reader.Problem));
        Assert.False(reader.Next());
    }

    [Theory]
    [InlineData("a,b;c,d", ',', 3)]
    [InlineData("a;b,c;d", ';', 3)]
    [InlineData("a\tb", '\t', 2)]
    [InlineData("\"a;b;c\",d", ',', 2)]
    [InlineData("a|b|c", '|', 3)]
    [InlineData("a", ',', 1)]
    public void The_separator_is_the_one_that_gives_the_header_most_columns(string text, char separator, int columns)
    {
        CsvHeader header = CsvHeader.Read(Encoding.UTF8.GetBytes("\uFEFF" + text + "\n1"), "t")!;
        Assert.Equal((separator, columns, text.Length + 4), ((char)header.Separator, header.Names.Count, header.Length));
        Assert.Null(CsvHeader.Read(Encoding.UTF8.GetBytes(text), "t", isWhole: false));
    }
}
