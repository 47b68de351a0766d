using System.Buffers.Binary;
using Espalier.Errors;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Runs;

public sealed class MetricLogTests : IDisposable
{
    private readonly TemporaryFolder _root = new();
    private readonly Run _run;

    public MetricLogTests() => _run = Run.CreateAt(_root.File("r"), new() { Name = "r", Kind = "run" });

    public void Dispose()
    {
        _run.Dispose();
        _root.Dispose();
    }

    private static Dictionary<string, double> Values(double loss) => new() { ["train.loss"] = loss, ["lr"] = 0.5 };

    [Fact]
    public void Every_line_is_there_at_once()
    {
        using MetricLog log = MetricLog.Create(_run);
        log.Write(0, Values(1.25));
        log.Write(10, Values(double.NaN));
        string[] lines = ReadWhileOpen(_run.MetricsPath).Split('\n');
        Assert.Matches("""^\{"step":0,"time":[0-9.E-]+,"train.loss":1.25,"lr":0.5\}$""", lines[0]);
        Assert.Contains("\"train.loss\":null", lines[1], StringComparison.Ordinal);
        IReadOnlyList<MetricRecord> records = MetricLog.Read(_run.MetricsPath);
        Assert.Equal([0L, 10], records.Select(r => r.Step));
        Assert.Equal(1.25, records[0].Values["train.loss"]);
        Assert.True(double.IsNaN(records[1].Values["train.loss"]));
        Assert.InRange(records[1].Time, records[0].Time, 60);
    }

    [Fact]
    public void A_torn_last_line_is_left_out_and_a_damaged_one_is_named()
    {
        string path = _root.Write("torn.jsonl", "{\"step\":1,\"time\":0.5,\"a\":2}\n{\"step\":2,\"ti");
        Assert.Equal(2, MetricLog.Read(path).Single().Values["a"]);
        string bad = _root.Write("bad.jsonl", "{\"step\":1,\"time\":0.5,\"a\":2}\nnonsense\n{\"step\":2,\"time\":0.5}\n");
        Assert.StartsWith($"{bad}, line 2", Assert.Throws<DataException>(() => MetricLog.Read(bad)).Message, StringComparison.Ordinal);
        Assert.Empty(MetricLog.Read(_root.File("absent.jsonl")));
    }

    [Fact]
    public void Resuming_leaves_one_history()
    {
        using (MetricLog log = MetricLog.Create(_run))
        {
            for (int step = 0; step <= 40; step += 10)
                log.Write(step, Values(step));
        }

        File.AppendAllText(_run.MetricsPath, "{\"step\":50,\"ti");
        double before = MetricLog.Read(_run.MetricsPath)[2].Time;
        using (MetricLog log = MetricLog.Resume(_run, 20))
            log.Write(30, Values(-1));
        IReadOnlyList<MetricRecord> records = MetricLog.Read(_run.MetricsPath);
        Assert.Equal([0L, 10, 20, 30], records.Select(r => r.Step));
        Assert.Equal(-1, records[3].Values["train.loss"]);
        Assert.True(records[3].Time >= before);

        string file = Assert.Single(Directory.GetFiles(_run.TensorBoardFolder));
        Tensorboard.Event[] events = [.. Records(file).Select(Tensorboard.Event.Parser.ParseFrom)];
        Assert.Equal("brain.Event:2", events[0].FileVersion);
        Assert.Equal([0L, 10, 20, 30], events[1..].Select(e => e.Step));
        Assert.Equal([0f, 10, 20, -1], events[1..].Select(e => e.Summary.Value.Single(v => v.Tag == "train.loss").SimpleValue));
        Assert.All(events[1..], e => Assert.Equal(0.5f, e.Summary.Value.Single(v => v.Tag == "lr").SimpleValue));
        double now = (DateTime.UtcNow - DateTime.UnixEpoch).TotalSeconds;
        Assert.All(events, e => Assert.InRange(e.WallTime, now - 60, now + 1));
        Assert.Equal(events[1..].Select(e => e.WallTime).Order(), events[1..].Select(e => e.WallTime));
    }

    [Fact]
    public void Steps_beyond_32_bits_are_kept()
    {
        using (MetricLog log = MetricLog.Create(_run))
            log.Write(5_000_000_000, Values(1));
        Assert.Equal(5_000_000_000, MetricLog.Read(_run.MetricsPath).Single().Step);
        Assert.Equal(5_000_000_000, Tensorboard.Event.Parser.ParseFrom(Records(Directory.GetFiles(_run.TensorBoardFolder).Single())[1]).Step);
    }

    [Fact]
    public void Reserved_names_and_negative_steps_are_refused()
    {
        using MetricLog log = MetricLog.Create(_run);
        Assert.Throws<ArgumentException>(() => log.Write(1, new Dictionary<string, double> { ["step"] = 1 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => log.Write(-1, Values(1)));
        Assert.Empty(MetricLog.Read(_run.MetricsPath));
    }

    [Fact]
    public void The_checksum_of_this_test_is_that_of_the_standard()
        => Assert.Equal(0xE3069283, Crc32C("123456789"u8)); // The check value of CRC-32C (RFC 3720).

    private static string ReadWhileOpen(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd();
    }

    private static List<byte[]> Records(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        var records = new List<byte[]>();
        for (int at = 0; at < file.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(at));
            Assert.Equal(Masked(file.AsSpan(at, 8)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 8)));
            Assert.Equal(Masked(file.AsSpan(at + 12, length)), BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(at + 12 + length)));
            records.Add(file[(at + 12)..(at + 12 + length)]);
            at += 16 + length;
        }

        return records;
    }

    private static uint Masked(ReadOnlySpan<byte> bytes)
    {
        uint crc = Crc32C(bytes);
        return ((crc >> 15) | (crc << 17)) + 0xa282ead8;
    }

    // Bit by bit, from the reflected polynomial of Castagnoli.
    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
        }

        return ~crc;
    }
}
