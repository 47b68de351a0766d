using Espalier.Data;

namespace Espalier.Tests.Data;

public sealed class CsvTableTests : IDisposable
{
    private const string Good = "age,colour,income,ok\n30,red,1.5,yes\n40,blue,-2,no\n\"35\",red,0,no\n";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static float[] Inputs(Dataset data)
    {
        using Batch all = data.All();
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
        Assert.Equal($"{unknown}, line 3, column 'colour': 'blu' is not a known category; did you mean 'blue'?", Assert.Throws<DataException>(() => CsvTable.ReadAs(unknown, train.Schema)).Message);
        string label = _folder.Write("label.csv", "ok,income,colour,age\nmaybe,99,blue,20\n");
        Assert.Contains("line 2, column 'ok': 'maybe'", Assert.Throws<DataException>(() => CsvTable.ReadAs(label, train.Schema)).Message, StringComparison.Ordinal);
        string missing = _folder.Write("missing.csv", "ok,income,color,age\nno,99,blue,20\n");
        Assert.Equal($"{missing}: has no column 'colour'; did you mean 'color'?", Assert.Throws<DataException>(() => CsvTable.ReadAs(missing, train.Schema)).Message);
    }

    [Theory]
    [InlineData("a,y\n1,u\nNaN,v\n", ", line 3, column 'a': the value is missing ('NaN')")]
    [InlineData("a,y\n1,u\n,v\n", ", line 3, column 'a': the value is missing")]
    [InlineData("a,y\n1,u\n2,?\n", ", line 3, column 'y': the value is missing ('?')")]
    [InlineData("a,y\n1,u\nabc,v\n", ", line 3, column 'a': 'abc' is not a number")]
    [InlineData("a,y\n1,u\n1e99,v\n", ", line 3, column 'a': '1e99' is not finite")]
    [InlineData("a,b,y\n1,2,u\n1,v\n", ", line 3: has 2 columns, the header 3")]
    [InlineData("a,b,y\n1,2,u\n1,2,3,v\n", ", line 3: has 4 columns, the header 3")]
    [InlineData("a,y\n1,u\n2,u\n", ", column 'y': holds one class only: 'u'")]
    [InlineData("a,y\n", ": has no rows")]
    [InlineData("", ": has no header")]
    [InlineData("a,a\n1,2\n", ": is not a CSV table")]
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
}
