using System.Text;
using System.Text.Json;
using Espalier.Anomaly.Watching;
using Espalier.Errors;

namespace Espalier.Tests.Anomaly;

/// <summary>Records that nobody sends by accident: each costs itself alone.</summary>
public sealed class HostileRecordTests
{
    private static double[] Two(JsonElement record) => record.ValueKind == JsonValueKind.Array && record.GetArrayLength() == 2
        ? [record[0].GetDouble(), record[1].GetDouble()]
        : throw new DataException("the record", "is no pair of numbers", "give two");

    [Theory]
    [InlineData("""{ "id": "\ud800", "values": [1, 2] }""")]
    [InlineData("""{ "id": "a\udc00b", "values": [1, 2] }""")]
    [InlineData("""{ "id": "x", "id": "y", "values": [1, 2] }""")]
    [InlineData("""{ "id": "x", "values": [1, "\ud800"] }""")]
    [InlineData("[1, 1e999]")]
    [InlineData("[1,")]
    [InlineData("nul")]
    public void Is_malformed_and_no_exception(string text)
    {
        WatchItem item = JsonLinesSource.Parse(text, "line-1", Two);
        Assert.True(item.Values is null || item.Values.All(double.IsFinite) || item.Problem is null);
        Assert.Equal(item.Id, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(item.Id)));
        JsonSerializer.Serialize(item.Id);
        JsonSerializer.Serialize(item.Problem);
        if (text.Contains("id", StringComparison.Ordinal))
            Assert.NotNull(item.Problem);
    }

    [Fact]
    public void Ids_of_any_length_are_kept_apart_and_short()
    {
        string Record(int i) => $"{{ \"id\": \"{new string('a', 900_000)}{i}\", \"values\": [1, {i}] }}";
        string[] ids = [.. Enumerable.Range(0, 20).Select(i => JsonLinesSource.Parse(Record(i), "line", Two).Id)];
        Assert.Equal(20, ids.Distinct().Count());
        Assert.All(ids, id => Assert.InRange(id.Length, 10, 300));
        Assert.Equal(ids[3], JsonLinesSource.Parse(Record(3), "line", Two).Id);
    }

    /// <summary>Deep nesting must not end the process by its stack.</summary>
    [Fact]
    public void Deep_nesting_is_malformed()
    {
        string deep = new string('[', 100_000) + new string(']', 100_000);
        Assert.NotNull(JsonLinesSource.Parse(deep, "line-1", Two).Problem);
    }
}
