using System.Text.Json;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Tests.Data;

public sealed class NumericTableTests
{
    [Fact]
    public void Numbers_categories_and_labels_are_told_apart()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("t.csv", "age;colour;kind;id\n1.5;red;ok;7\n-2e3;blue;odd;8\n\n0.1;red;ok;9\n");
        NumericTable table = NumericTable.Read(path, new() { Label = "kind", Exclude = ["id"] });
        Assert.Equal(["age", "colour=blue", "colour=red"], table.Schema.FeatureNames);
        Assert.Equal(new double[,] { { 1.5, 0, 1 }, { -2000, 1, 0 }, { 0.1, 0, 1 } }, table.Rows);
        Assert.Equal(["ok", "odd", "ok"], table.Labels!);

        // Another order of columns, further columns, no label: found by name.
        NumericTable other = NumericTable.ReadAs(folder.Write("u.csv", "more,colour,age\n1,blue,0.1\n"), table.Schema);
        Assert.Equal(new double[,] { { 0.1, 1, 0 } }, other.Rows);
        Assert.Null(other.Labels);
    }

    [Fact]
    public void Arrays_come_with_or_without_labels()
    {
        using var folder = new TemporaryFolder();
        NpzFile.Write(folder.File("t.npz"), new Dictionary<string, NpyArray> { ["X"] = NpyArray.Of([1.0, 2, 3, 4, 5, 6], 3, 2), ["y"] = NpyArray.Of([0L, 1, 0]) });
        NumericTable table = NumericTable.Read(folder.File("t.npz"));
        Assert.Equal(new double[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } }, table.Rows);
        Assert.Equal(["0", "1", "0"], table.Labels!);
        Assert.Equal(["column 0", "column 1"], table.Schema.FeatureNames);
        NpzFile.Write(folder.File("n.npz"), new Dictionary<string, NpyArray> { ["X"] = NpyArray.Of([1.0, 2, 3, double.NaN], 2, 2) });
        Assert.Contains("n.npz, row 2, column 1: is NaN", Assert.Throws<DataException>(() => NumericTable.Read(folder.File("n.npz"))).Message);
        NpzFile.Write(folder.File("w.npz"), new Dictionary<string, NpyArray> { ["X"] = NpyArray.Of([1.0, 2, 3], 1, 3) });
        Assert.Throws<ShapeException>(() => NumericTable.ReadAs(folder.File("w.npz"), table.Schema));
    }

    [Theory]
    [InlineData("a,b\n1,2\n3\n", "line 3")]
    [InlineData("a,b\n1,2\nx,3\n", "column 'a'")]
    [InlineData("a,b\n1,2\n,3\n", "missing")]
    [InlineData("a,b\n1,1e999\n", "not finite")]
    [InlineData("a,b\n", "no rows")]
    public void Bad_cells_are_named(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(expected, Assert.Throws<DataException>(() => NumericTable.Read(folder.Write("t.csv", text))).Message);
    }

    [Fact]
    public void Records_become_features()
    {
        var schema = new TabularSchema([new("age", ColumnKind.Numeric, 0, 1, []), new("colour", ColumnKind.Categorical, 0, 1, ["blue", "red"])], "", []);
        double[] Of(string json) => NumericTable.Features(JsonDocument.Parse(json).RootElement, schema);
        Assert.Equal([2, 0, 1], Of("""{ "colour": "red", "age": 2, "more": null }"""));
        Assert.Equal([2, 0, 1], Of("[2, 0, 1]"));
        foreach ((string json, string expected) in new[]
        {
            ("""{ "age": "two", "colour": "red" }""", "'age'"), ("""{ "aeg": 2, "colour": "red" }""", "did you mean 'aeg'"), ("[1, 2]", "has 2 values"),
            ("""{ "age": 2, "colour": "green" }""", "'green'"), ("7", "is number"), ("""{ "age": null, "colour": "red" }""", "null"), ("""{ "age": 1e999, "colour": "red" }""", "no finite number"),
        })
            Assert.Contains(expected, Assert.Throws<DataException>(() => Of(json)).Message);
    }

    [Fact]
    public void Json_values_match_the_categories_that_look_like_them()
    {
        var schema = new TabularSchema([new("active", ColumnKind.Categorical, 0, 1, ["false", "true"]), new("code", ColumnKind.Categorical, 0, 1, ["07", "1.0", "x"]), new("flag", ColumnKind.Categorical, 0, 1, ["False", "True"])], "", []);
        double[] Of(string json) => NumericTable.Features(JsonDocument.Parse(json).RootElement, schema);
        Assert.Equal([0, 1, 1, 0, 0, 0, 1], Of("""{ "active": true, "code": 7, "flag": true }"""));
        Assert.Equal([1, 0, 0, 1, 0, 1, 0], Of("""{ "active": false, "code": 1, "flag": "False" }"""));
        Assert.Contains("'8' is not a known category", Assert.Throws<DataException>(() => Of("""{ "active": true, "code": 8, "flag": true }""")).Message);
        Assert.Contains("is null, no category", Assert.Throws<DataException>(() => Of("""{ "active": null, "code": 7, "flag": true }""")).Message);
    }

    [Fact]
    public void A_row_with_an_unknown_category_is_reported_and_the_others_are_read()
    {
        using var folder = new TemporaryFolder();
        NumericTable fitted = NumericTable.Read(folder.Write("t.csv", "a,c\n1,x\n2,y\n"));
        string path = folder.Write("u.csv", "a,c\n5,x\n\n6,z\n,y\n7,y\n");
        NumericTable table = NumericTable.ReadAs(path, fitted.Schema, new() { BadRows = BadRows.LeaveOut });
        Assert.Equal(new double[,] { { 5, 1, 0 }, { 7, 0, 1 } }, table.Rows);
        Assert.Equal([0, 3], table.Numbers);
        Assert.Equal([new(1, 4, "column 'c': 'z' is not a known category"), new(2, 5, "column 'a': the value is missing")], table.LeftOut);
        Assert.Contains("line 4 (row 2), column 'c': 'z'", Assert.Throws<DataException>(() => NumericTable.ReadAs(path, fitted.Schema)).Message);
    }
}
