using Espalier.Anomaly.Watching;
using Espalier.Errors;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

public sealed class FolderSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _in;

    public FolderSourceTests() => _in = Directory.CreateDirectory(_folder.File("in")).FullName;

    public void Dispose() => _folder.Dispose();

    private static double[] Row(IReadOnlyList<string> header, IReadOnlyList<string> cells) => [.. cells.Select(c => double.TryParse(c, out double number) ? number : throw new DataException("row", "is no number", "mend it"))];

    private async Task<(List<WatchItem> Items, string Position)> Read(string position, int batch = 256, Func<string, double[]>? picture = null)
    {
        var items = new List<WatchItem>();
        var source = new FolderSource(_in, Row, picture ?? (file => [new FileInfo(file).Length]), batch) { Interval = TimeSpan.FromMilliseconds(1) };
        await foreach (WatchBatch each in source.Read(position, once: true, CancellationToken.None))
        {
            Assert.InRange(each.Items.Count, 1, batch);
            items.AddRange(each.Items);
            position = each.Position;
        }

        return (items, position);
    }

    private string Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(_in, name), text);
        return Path.Combine(_in, name);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(256)]
    public async Task Rows_with_line_ends_in_quotes_and_a_last_one_without_an_end_are_decided_once(int batch)
    {
        string path = Write("a.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 50).Select(i => $"{i},\"{i}\n\"\n")) + "50,50");
        (List<WatchItem> items, string position) = await Read("", batch);
        Assert.Equal(Enumerable.Range(0, 51).Select(i => (double)i), items.Select(i => i.Values![0]));
        Assert.Equal(Enumerable.Range(0, 51).Select(i => $"a.csv:{2 + (2 * i)}"), items.Select(i => i.Id));
        Assert.Empty((await Read(position)).Items);
        File.AppendAllText(path, "\n51,51\n");
        WatchItem last = Assert.Single((await Read(position)).Items);
        Assert.Equal([51, 51], last.Values!);
    }

    [Fact]
    public async Task A_table_that_was_replaced_or_cut_is_read_from_its_start()
    {
        string path = Write("a.csv", "a,b\n1,1\n2,2\n3,3\n");
        (List<WatchItem> items, string position) = await Read("");
        Assert.Equal(3, items.Count);

        // As long as before and longer, with other rows; then shorter.
        foreach (string text in new[] { "a,b\n4,4\n5,5\n6,6\n", "a,b\n7,7\n8,8\n9,9\n10,10\n", "a,b\n11,11\n", "b,a\n11,11\n" })
        {
            File.WriteAllText(path, text);
            (items, position) = await Read(position);
            Assert.Equal(text.Split('\n')[1..^1], items.Select(i => string.Join(',', i.Values!)));
        }

        // Written anew with the same rows and one more: only that one is new.
        File.WriteAllText(path, "b,a\n11,11\n12,12\n");
        (items, position) = await Read(position);
        Assert.Equal(12, Assert.Single(items).Values![0]);
        Assert.Empty((await Read(position)).Items);
    }

    [Fact]
    public async Task Only_what_is_new_of_a_table_is_read()
    {
        string path = Write("a.csv", "a,b\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},{i}\n")));
        (_, string position) = await Read("");
        int calls = 0;
        var follower = new TableFollower(path, "a.csv", (_, cells) =>
        {
            calls++;
            return [cells.Count];
        });
        TablePosition place = FolderPosition.Parse(position).Tables["a.csv"];
        Assert.Equal(new FileInfo(path).Length, place.Offset);
        File.AppendAllText(path, "1,1\n2,2\n");
        (WatchItem Item, long Offset, long Line)[] rows = [.. follower.Look(place, once: false)];
        Assert.Equal((2, 2, 20_004L), (rows.Length, calls, rows[1].Line));

        // A second look at a file that did not change reads nothing at all, even where it is gone by then.
        Assert.Empty(follower.Look(follower.At(rows[1].Offset, rows[1].Line), once: false));
        Assert.Equal(2, calls);
    }

    [Fact]
    public async Task The_position_is_bounded_by_what_is_in_the_folder()
    {
        for (int i = 0; i < 600; i++)
            Write($"picture-{i:0000}.png", $"{i}");
        string position = "";
        int batches = 0;
        await foreach (WatchBatch each in new FolderSource(_in, Row, _ => [1], 100) { Interval = TimeSpan.FromMilliseconds(1) }.Read("", once: true, CancellationToken.None))
        {
            position = each.Position;
            batches++;
        }

        // Eight bytes each, and no batch of its own for a picture.
        Assert.Equal(6, batches);
        Assert.InRange(position.Length, 600 * 8, (600 * 11) + 200);
        foreach (string file in Directory.GetFiles(_in))
            File.Delete(file);
        Write("new.png", "x");
        (List<WatchItem> items, position) = await Read(position);
        Assert.Equal("new.png", Assert.Single(items).Id);
        Assert.InRange(position.Length, 1, 200);
    }

    [Fact]
    public void Of_very_many_pictures_the_latest_are_remembered_each_and_the_others_by_their_time()
    {
        FolderPosition position = FolderPosition.Parse("");
        int count = FolderPosition.MostPictures + 1000;
        for (int i = 0; i < count; i++)
            position.Add(FolderPosition.Key($"{i}", 1, 1000 + i), 1000 + i);
        string text = position.Save();
        Assert.InRange(text.Length, 1, (11 * FolderPosition.MostPictures) + 200);
        FolderPosition again = FolderPosition.Parse(text);
        Assert.All(Enumerable.Range(0, count), i => Assert.True(again.IsDealt(FolderPosition.Key($"{i}", 1, 1000 + i), 1000 + i)));
        Assert.False(again.IsDealt(FolderPosition.Key("new", 1, 1000 + 1500), 1000 + 1500));
        Assert.False(again.IsDealt(FolderPosition.Key("0", 2, 1000 + count), 1000 + count));
    }

    [Fact]
    public async Task One_bad_picture_row_or_table_costs_no_other_and_survives_a_restart()
    {
        Write("a.csv", "a,b\n1,1\n\"2,2\n3,3\n");
        Write("b.csv", "a,a\n1,1\n");
        File.WriteAllBytes(Path.Combine(_in, "c.csv"), [.. "a,b\n1,"u8, 0xff, .. "\n2,2\n"u8]);
        Write("d.png", "bad");
        Write("e.png", "good");
        Write("._e.png", "of another system");
        Directory.CreateDirectory(Path.Combine(_in, "deep"));
        Write("deep/f.png", "good");
        (List<WatchItem> items, string position) = await Read("", picture: file => File.ReadAllText(file) == "good" ? [1] : throw new InvalidOperationException("no picture"));
        Assert.Equal(["a.csv:2", "a.csv:3", "a.csv:4", "b.csv:1", "c.csv:2", "c.csv:3", "d.png", "deep/f.png", "e.png"], items.Select(i => i.Id).Order(StringComparer.Ordinal));
        Dictionary<string, string?> problems = items.ToDictionary(i => i.Id, i => i.Problem);
        Assert.Contains("never closed", problems["a.csv:3"]);
        Assert.Contains("'a' twice", problems["b.csv:1"]);
        Assert.Contains("not UTF-8 at byte 6", problems["c.csv:2"]);
        Assert.Equal("no picture", problems["d.png"]);
        Assert.Equal(5, problems.Values.Count(p => p is null));
        Assert.Empty((await Read(position)).Items);
    }

    [Theory]
    [InlineData("12")]
    [InlineData("{\"a.csv\":5}")]
    [InlineData("{\"version\":2,\"tables\":{\"a\":null},\"pictures\":\"\",\"before\":0}")]
    [InlineData("{\"version\":2,\"tables\":{},\"pictures\":\"?\",\"before\":0}")]
    public async Task A_position_of_another_kind_is_refused(string position)
        => Assert.Contains("another kind of input", (await Assert.ThrowsAsync<DataException>(() => Read(position))).Message);

    [Fact]
    public async Task A_row_longer_than_the_bound_is_reported_and_passed_over()
    {
        Write("a.csv", "a,b\n1,1\n2," + new string('7', 2 * TableFollower.LongestRow) + "\n3,3\n");
        List<WatchItem> items = (await Read("")).Items;
        Assert.Equal(["a.csv:2", "a.csv:3", "a.csv:4"], items.Select(i => i.Id));
        Assert.Contains("longer than", items[1].Problem);
        Assert.Equal([3, 3], items[2].Values!);
    }
}
