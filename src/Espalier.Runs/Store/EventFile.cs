using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace Espalier.Runs.Store;

/// <summary>
/// A TensorBoard event file of scalars. Written here and not by TorchSharp's SummaryWriter, which cannot be closed,
/// counts steps in 32 bits, and cannot take over a history with its times. A record is: length (8 bytes), its masked
/// CRC-32C, the protobuf message, its masked CRC-32C (TFRecord).
/// </summary>
internal sealed class EventFile : IDisposable
{
    private readonly FileStream _file;

    private EventFile(FileStream file) => _file = file;

    /// <summary>Starts the one event file of a folder, with a history; what was there before is deleted.</summary>
    /// <param name="folder">The folder; created where missing.</param>
    /// <param name="start">The time of the history's second 0.</param>
    /// <param name="history">What was logged before.</param>
    public static EventFile Replace(string folder, DateTime start, IReadOnlyList<MetricRecord> history)
    {
        Directory.CreateDirectory(folder);
        string[] before = Directory.GetFiles(folder, "events.out.tfevents.*");
        // TensorBoard reads the files of a folder in the order of their names: the new one must come last.
        long number = before.Select(NumberOf).Append(0).Max();
        number = Math.Max(number + 1, DateTimeOffset.UtcNow.ToUnixTimeSeconds());
        string path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{number:0000000000}.espalier"));
        var events = new EventFile(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete));
        events.Append(Message(start, 0, field: 3, "brain.Event:2"u8));
        foreach (MetricRecord record in history)
            events.Write(start.AddSeconds(record.Time), record.Step, record.Values);
        events._file.Flush();
        foreach (string old in before)
            File.Delete(old);
        return events;
    }

    public void Write(DateTime time, long step, IReadOnlyDictionary<string, double> values)
    {
        using var summary = new MemoryStream();
        Span<byte> number = stackalloc byte[4];
        foreach ((string name, double value) in values)
        {
            using var scalar = new MemoryStream();
            WriteBytes(scalar, 1, Encoding.UTF8.GetBytes(name));
            scalar.WriteByte((2 << 3) | 5);
            BinaryPrimitives.WriteSingleLittleEndian(number, (float)value);
            scalar.Write(number);
            WriteBytes(summary, 1, scalar.ToArray());
        }

        Append(Message(time, step, field: 5, summary.ToArray()));
        _file.Flush();
    }

    public void Dispose() => _file.Dispose();

    private static long NumberOf(string path)
        => long.TryParse(Path.GetFileName(path).Split('.')[3], NumberStyles.None, CultureInfo.InvariantCulture, out long number) ? number : 0;

    /// <summary>An Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 or summary = 5.</summary>
    private static byte[] Message(DateTime time, long step, int field, ReadOnlySpan<byte> content)
    {
        using var message = new MemoryStream();
        message.WriteByte((1 << 3) | 1);
        Span<byte> seconds = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(seconds, (time - DateTime.UnixEpoch).TotalSeconds);
        message.Write(seconds);
        message.WriteByte(2 << 3);
        WriteVarint(message, (ulong)step);
        WriteBytes(message, field, content);
        return message.ToArray();
    }

    private static void WriteBytes(MemoryStream target, int field, ReadOnlySpan<byte> content)
    {
        target.WriteByte((byte)((field << 3) | 2));
        WriteVarint(target, (ulong)content.Length);
        target.Write(content);
    }

    private static void WriteVarint(MemoryStream target, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            target.WriteByte((byte)(value | 0x80));
        target.WriteByte((byte)value);
    }

    private void Append(byte[] message)
    {
        byte[] record = new byte[8 + 4 + message.Length + 4];
        BinaryPrimitives.WriteUInt64LittleEndian(record, (ulong)message.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), MaskedChecksum(record.AsSpan(0, 8)));
        message.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + message.Length), MaskedChecksum(message));
        _file.Write(record);
    }

    private static uint MaskedChecksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        crc = ~crc;
        return BitOperations.RotateRight(crc, 15) + 0xa282ead8;
    }
}
