using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class CsvTableTests : IDisposable
{
    private const string Good = "age,colour,income,ok\n30,red,1.5,yes\n40,blue,-2,no\n\"35\",red,0,no\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static float[] Inputs(Dataset data)
    {
        using LabelledBatch all = data.All();
        return all.Inputs.data<float>().ToArray();
    }

    private string Problem(string text, CsvOptions? options = null)
    {
        string path = _folder.Write("t.csv", text);
        var error = Assert.Throws<DataException>(() => CsvTable.Read(path, options));
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        return error.Message[path.Length..];
    }

    [Fact]
    public void Numbers_stay_and_categories_become_one_hot()
    {
        using TabularData table = CsvTable.Read(_folder.Write("people.csv", Good));
        Assert.Equal(["age", "colour=blue", "colour=red", "income"], table.Schema.FeatureNames);
        Assert.Equal([30f, 0, 1, 1.5f, 40, 1, 0, -2, 35, 0, 1, 0], Inputs(table.Data));
        Assert.Equal(["no", "yes"], table.Data.ClassNames);
        Assert.Equal([1L, 0, 0], table.Data.LabelArray());
        Assert.Equal([30, 0, 0, -2], table.Data.Bounds.LowerValues);
        Assert.Equal([40, 1, 1, 1.5], table.Data.Bounds.UpperValues);
        Assert.Equal("people", table.Data.Name);
    }

    [Fact]
    public void Target_and_special_columns_are_options()
    {
        string path = _folder.Write("t.csv", "id;y;code;x\n1;10;7;0.5\n2;9;8;0.25\n3;100;7;1e3\n");
        using TabularData table = CsvTable.Read(path, new() { Target = "y", Categorical = ["code"], Exclude = ["id"] });
        Assert.Equal(["code=7", "code=8", "x"], table.Schema.FeatureNames);
        Assert.Equal(["9", "10", "100"], table.Data.ClassNames); // whole numbers sort as numbers
        Assert.Equal([1f, 0, 0.5f, 0, 1, 0.25f, 1, 0, 1000], Inputs(table.Data));
    }

    [Fact]
    public void Marks_line_ends_and_quotes_of_other_programs_are_understood()
    {
        string path = _folder.Write("t.csv", "\uFEFFa,b,y\r\n1,\"x, \"\"y\"\"\nz\",u\r\n2,w,v\r\n\r\n");
        using TabularData table = CsvTable.Read(path);
        Assert.Equal(["a", "b=w", "b=x, \"y\"\nz"], table.Schema.FeatureNames);
        Assert.Equal([1f, 0, 1, 2, 1, 0], Inputs(table.Data));
    }

    [Fact]
    public void New_rows_are_read_by_the_schema()
    {
        using TabularData train = CsvTable.Read(_folder.Write("train.csv", Good));
        string path = _folder.Write("new.csv", "ok,extra,income,colour,age\nno,1,99,blue,20\n");
        using TabularData fresh = CsvTable.ReadAs(path, train.Schema);
        Assert.Equal([20f, 1, 0, 99], Inputs(fresh.Data));
        Assert.Equal([0L], fresh.Data.LabelArray());
        string unknown = _folder.Write("unknown.csv", "ok,income,colour,age\nno,99,blue,20\nno,99,blu,20\n");
        Assert.Equal($"{unknown}, line 3 (row 2), column 'colour': 'blu' is not a known category; did you mean 'blue'?", Assert.Throws<DataException>(() => CsvTable.ReadAs(unknown, train.Schema)).Message);
        string label = _folder.Write("label.csv", "ok,income,colour,age\nmaybe,99,blue,20\n");
        Assert.Contains("line 2 (row 1), column 'ok': 'maybe'", Assert.Throws<DataException>(() => CsvTable.ReadAs(label, train.Schema)).Message, StringComparison.Ordinal);
        string missing = _folder.Write("missing.csv", "ok,income,color,age\nno,99,blue,20\n");
        Assert.Equal($"{missing}: has no column 'colour'; did you mean 'color'?", Assert.Throws<DataException>(() => CsvTable.ReadAs(missing, train.Schema)).Message);
    }

    [Theory]
    [InlineData("a,y\n1,u\nNaN,v\n", ", line 3 (row 2), column 'a': the value is missing ('NaN')")]
    [InlineData("a,y\n1,u\n,v\n", ", line 3 (row 2), column 'a': the value is missing")]
    [InlineData("a,y\n1,u\n2,?\n", ", line 3 (row 2), column 'y': the value is missing ('?')")]
    [InlineData("a,y\n1,u\nabc,v\n", ", line 3 (row 2), column 'a': 'abc' is not a number")]
    [InlineData("a,y\n1,u\n1e999,v\n", ", line 3 (row 2), column 'a': '1e999' is not finite")]
    [InlineData("a,b,y\n1,2,u\n1,v\n", ", line 3 (row 2): has 2 columns, the header 3")]
    [InlineData("a,b,y\n1,2,u\n1,2,3,v\n", ", line 3 (row 2): has 4 columns, the header 3")]
    [InlineData("a,y\n1,u\n2,u\n", ", column 'y': holds one class only: 'u'")]
    [InlineData("a,y\n", ": has no rows")]
    [InlineData("", ": has no header")]
    [InlineData("a,a\n1,2\n", ": has the column 'a' twice")]
    [InlineData("a,y\n1e99,u\n2,v\n", ", row 1, column 'a': 1E+99 is not finite in single precision")]
    [InlineData("a,y\n1,u\n\n2,v\n\"3,u\n4,v\n", ", line 5 (row 3): has a quote at the start of a cell that is never closed")]
    [InlineData("a,b,y\n1,\"5\" pipe\",u\n2,x,v\n", ", line 2 (row 1): has text after the closing quote of cell 2")]
    public void Bad_tables_are_named_with_line_and_column(string text, string problem)
        => Assert.StartsWith(problem, Problem(text), StringComparison.Ordinal);

    [Fact]
    public void Missing_columns_suggest_the_nearest()
    {
        Assert.Equal(": has no column 'inccome'; did you mean 'income'?", Problem(Good, new() { Target = "inccome" }));
        Assert.StartsWith(": has no column 'x'", Problem(Good, new() { Exclude = ["x"] }), StringComparison.Ordinal);
        Assert.StartsWith(": has no column 'x'", Problem(Good, new() { Categorical = ["x"] }), StringComparison.Ordinal);
        Assert.Throws<OptionsException>(() => CsvTable.Read(_folder.Write("t.csv", Good), new() { Target = "ok", Exclude = ["ok"] }));
        Assert.Throws<DataException>(() => CsvTable.Read(_folder.File("absent.csv")));
    }

    [Fact]
    public void A_quote_within_a_cell_is_a_character()
    {
        using TabularData table = CsvTable.Read(_folder.Write("t.csv", "size,kind,y\n1,5\" pipe,u\n2,6\" pipe,v\n3,\"a \"\"b\"\"\",u\n"));
        Assert.Equal(["size", "kind=5\" pipe", "kind=6\" pipe", "kind=a \"b\""], table.Schema.FeatureNames);
        Assert.Equal(3, table.Data.Count);
    }

    [Fact]
    public void A_columns_kind_is_decided_over_all_cells_whatever_their_order()
    {
        string[] cells = ["1", "2", "abc", "3"];
        for (int first = 0; first < cells.Length; first++)
        {
            IEnumerable<string> rows = cells.Skip(first).Concat(cells.Take(first)).Select((c, i) => $"{c},{(i % 2 == 0 ? "u" : "v")}");
            Assert.Contains("column 'a': 'abc' is not a number, as 3 of 4 cells are", Problem("a,y\n" + string.Join('\n', rows) + "\n"), StringComparison.Ordinal);
        }

        // Mostly texts: categories, with a warning that counts.
        using TabularData table = CsvTable.Read(_folder.Write("t.csv", "a,y\n7,u\nA1,v\nB2,u\n"));
        Assert.Equal(["a=7", "a=A1", "a=B2"], table.Schema.FeatureNames);
        Assert.Contains("only 1 of 3 cells are numbers", Assert.Single(table.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_decimal_comma_is_refused_with_counts_or_read_by_the_option()
    {
        const string text = "a;b;y\n1,5;1;u\n2;2;v\n-0,25;3;u\n";
        Assert.Contains("column 'a': '1,5' has the decimal mark ',', as 2 of 3 cells have", Problem(text), StringComparison.Ordinal);
        string path = _folder.Write("t.csv", text);
        using TabularData table = CsvTable.Read(path, new() { DecimalMark = "," });
        Assert.Equal([1.5f, 1, 2, 2, -0.25f, 3], Inputs(table.Data));
        Assert.Equal("decimalMark", Assert.Throws<OptionsException>(() => CsvTable.Read(path, new() { DecimalMark = "x" })).Option);
        Assert.Contains("'1.5' has the decimal mark '.'", Problem("a,y\n1.5,u\n2,v\n", new() { DecimalMark = "," }), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_with_their_position()
    {
        byte[] text = [.. "town,y\nk"u8, 0xf6, .. "ln,u\nk"u8, 0xfc, .. "ln,v\n"u8];
        string path = _folder.Write("t.csv", text);
        Assert.Equal($"{path}, line 2 (row 1): is not UTF-8 at byte 8; save the file as UTF-8", Assert.Throws<DataException>(() => CsvTable.Read(path)).Message);
        Assert.Contains("not UTF-8 at byte 8", Assert.Throws<DataException>(() => NumericTable.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Large_numbers_keep_their_differences_until_they_are_standardized()
    {
        // Times in seconds that differ by 60 are one number in single precision.
        string rows = string.Concat(Enumerable.Range(0, 60).Select(i => $"{1_700_000_000L + (60 * i)},{(i < 30 ? "u" : "v")}\n"));
        string path = _folder.Write("t.csv", "time,y\n" + rows);
        using LoadedData data = DataCatalog.Default.Load(new() { Name = "csv", Path = path, Standardize = true });
        float[] all = [.. Inputs(data.Splits.Train), .. Inputs(data.Splits.Validation), .. Inputs(data.Splits.Test)];
        Assert.Equal(60, all.Distinct().Count());
        float[] sorted = [.. all.Order()];
        double step = 60 / data.Standardization!.Deviation[0];
        Assert.All(sorted.Zip(sorted.Skip(1)), p => Assert.Equal(step, p.Second - p.First, 1e-5));
        Assert.Equal(60, data.Samples);
    }

    [Fact]
    public void Missing_marks_and_bad_rows_are_options()
    {
        string path = _folder.Write("t.csv", "a,b,y\n1,NA,u\n-,x,v\n3,x,v\n4,NA,u\n");
        using TabularData table = CsvTable.Read(path, new() { Missing = ["-"], BadRows = BadRows.LeaveOut });
        Assert.Equal(["a", "b=NA", "b=x"], table.Schema.FeatureNames);
        Assert.Equal([1f, 1, 0, 3, 0, 1, 4, 1, 0], Inputs(table.Data));
        Assert.Equal(new LeftOutRow(1, 3, "column 'a': the value is missing ('-')"), Assert.Single(table.LeftOut));
    }

    [Fact]
    public void A_header_of_numbers_is_warned_of()
    {
        using TabularData table = CsvTable.Read(_folder.Write("t.csv", "5.1,3.5,u\n4.9,3.0,u\n6,2,v\n"));
        Assert.Contains("header is made of numbers", Assert.Single(table.Warnings), StringComparison.Ordinal);
        using TabularData named = CsvTable.Read(_folder.Write("n.csv", "a,b,2019,y\n4.9,3.0,1,u\n6,2,1,v\n"));
        Assert.Empty(named.Warnings);
    }

    [Fact]
    public void A_column_that_names_the_rows_is_refused_and_sizes_are_computed_in_long()
    {
        string rows = string.Concat(Enumerable.Range(0, 60_000).Select(i => $"n{i:x5},{i % 7},{i % 2}\n"));
        string path = _folder.Write("t.csv", "id,a,cls\n" + rows);
        Assert.StartsWith($"{path}, column 'id': holds 60,000 different texts in 60,000 rows", Assert.Throws<DataException>(() => CsvTable.Read(path)).Message, StringComparison.Ordinal);
        Assert.StartsWith($"{path}, column 'id': holds 60,000 different texts", Assert.Throws<DataException>(() => NumericTable.Read(path)).Message, StringComparison.Ordinal);
        Assert.Contains("60,000 rows of 60,001 features take 26.8 GiB", Assert.Throws<DataException>(() => CsvTable.Read(path, new() { Categorical = ["id"] })).Message, StringComparison.Ordinal);
        using TabularData table = CsvTable.Read(path, new() { Exclude = ["id"] });
        Assert.Equal(60_000, table.Data.Count);
    }
}
