using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Espalier.Errors;

namespace Espalier.Anomaly.Watching;

/// <summary>
/// What of a folder is dealt with. Only what is still in the folder is remembered: of each table the place that it is read up to, of each
/// picture eight bytes. Beyond <see cref="MostPictures"/> pictures the oldest are remembered by their time alone.
/// </summary>
internal sealed class FolderPosition
{
    /// <summary>Pictures that are remembered each for itself in what is saved.</summary>
    public const int MostPictures = 16_384;

    private const int CurrentVersion = 2;

    // Keys of pictures with their times; the queue holds the latest ones.
    private readonly Dictionary<ulong, long> _pictures = [];
    private HashSet<ulong> _restored = [];
    private long _before;

    private FolderPosition(Dictionary<string, TablePosition> tables) => Tables = tables;

    /// <summary>How far each table is read, by its name within the folder.</summary>
    public Dictionary<string, TablePosition> Tables { get; }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <param name="text">It; empty at the start.</param>
    /// <exception cref="DataException">It was written by something else.</exception>
    public static FolderPosition Parse(string text)
    {
        if (text.Length == 0)
            return new([]);
        try
        {
            Kept kept = JsonSerializer.Deserialize<Kept>(text, JsonSerializerOptions.Web) ?? throw new JsonException("it is empty");
            if (kept is not { Version: CurrentVersion, Tables: { } tables, Pictures: { } pictures } || tables.Values.Any(t => t is not { Offset: >= 0, Line: >= 1, Check: not null }))
                throw new JsonException("it is of another version");
            byte[] keys = Base64Url.DecodeFromChars(pictures);
            return new(new(tables, StringComparer.Ordinal)) { _restored = [.. MemoryMarshal.Cast<byte, ulong>(keys)], _before = kept.Before };
        }
        catch (Exception error) when (error is JsonException or FormatException)
        {
            throw new DataException("state", "was made with another kind of input", "give the same --input, or start anew without the state", error);
        }
    }

    /// <summary>Whether a picture was dealt with as it stands.</summary>
    public bool IsDealt(ulong key, long ticks)
    {
        if (_pictures.ContainsKey(key))
            return true;
        if (!_restored.Contains(key) && ticks > _before)
            return false;
        _pictures.Add(key, ticks);
        return true;
    }

    /// <summary>Notes a picture as dealt with.</summary>
    public void Add(ulong key, long ticks) => _pictures[key] = ticks;

    /// <summary>Forgets what has left the folder.</summary>
    /// <param name="tables">The tables that are there.</param>
    /// <param name="pictures">The pictures that are there.</param>
    public void Keep(HashSet<string> tables, HashSet<ulong> pictures)
    {
        _restored = [];                                                     // What of them is there has been noted by the look.
        foreach (string gone in Tables.Keys.Where(t => !tables.Contains(t)).ToArray())
            Tables.Remove(gone);
        foreach (ulong gone in _pictures.Keys.Where(p => !pictures.Contains(p)).ToArray())
            _pictures.Remove(gone);
    }

    /// <summary>The position as a text.</summary>
    public string Save()
    {
        (ulong[] keys, long before) = ([.. _pictures.Keys.Concat(_restored).Distinct()], _before);
        if (keys.Length > MostPictures)
        {
            ulong[] latest = [.. keys.OrderByDescending(k => _pictures.GetValueOrDefault(k, long.MaxValue)).ThenBy(k => k)];
            before = Math.Max(before, _pictures.GetValueOrDefault(latest[MostPictures], 0));
            keys = latest[..MostPictures];
        }

        return JsonSerializer.Serialize(new Kept(CurrentVersion, Tables, Base64Url.EncodeToString(MemoryMarshal.AsBytes<ulong>(keys)), before), JsonSerializerOptions.Web);
    }

    /// <summary>Tells a picture from others, and from one that replaces it.</summary>
    public static ulong Key(string name, long size, long ticks)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(name) + (2 * sizeof(long))];
        int length = Encoding.UTF8.GetBytes(name, bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(length), size);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(length + sizeof(long)), ticks);
        return XxHash64.HashToUInt64(bytes);
    }

    private sealed record Kept(int Version, Dictionary<string, TablePosition> Tables, string Pictures, long Before);
}
