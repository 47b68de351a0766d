using System.Text.Json;
using Espalier.Data;
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
        NpzFile.Write(folder.File("w.npz"), new Dictionary<string, NpyArray> { ["X"] = NpyArray.Of([1.0, 2, 3], 1, 3) });
        Assert.Throws<ShapeException>(() => NumericTable.ReadAs(folder.File("w.npz"), table.Schema));
    }

    [Theory]
    [InlineData("a,b\n1,2\n3\n", "line 3")]
    [InlineData("a,b\n1,2\nx,3\n", "column 'a'")]
    [InlineData("a,b\n1,2\n,3\n", "missing")]
    [InlineData("a,b\n1,1e999\n", "no finite number")]
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
}
