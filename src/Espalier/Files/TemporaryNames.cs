using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Espalier.Files;

/// <summary>Names of files and folders that are being written: <c>NAME.PROCESS.NUMBER.tmp</c>, another one for each write.</summary>
public static partial class TemporaryNames
{
    private static readonly ConcurrentDictionary<string, bool> s_looked = new(StringComparer.Ordinal);
    private static long s_number;

    /// <summary>A name that nobody else uses.</summary>
    /// <param name="path">What shall be replaced.</param>
    public static string For(string path) =>
        string.Create(CultureInfo.InvariantCulture, $"{path}.{Environment.ProcessId}.{Interlocked.Increment(ref s_number)}.tmp");

    /// <summary>Removes what dead processes left of writes to a path; looks once for each path.</summary>
    /// <param name="path">What shall be replaced.</param>
    public static void RemoveStale(string path)
    {
        string full = Path.GetFullPath(path);
        if (!s_looked.TryAdd(full, true))
            return;
        string folder = Path.GetDirectoryName(full)!;
        string name = Path.GetFileName(full);
        try
        {
            foreach (string left in Directory.EnumerateFileSystemEntries(folder, name + ".*.tmp"))
            {
                if (Pattern().Match(Path.GetFileName(left)[name.Length..]) is { Success: true } match
                    && int.TryParse(match.Groups["id"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && !IsAlive(id))
                    Remove(left);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be looked into cannot be cleaned; the write says what is wrong with it.
        }
    }

    private static bool IsAlive(int id)
    {
        try
        {
            using Process process = Process.GetProcessById(id);
            return !process.HasExited;
        }
        catch (ArgumentException)
        {
            return false;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static void Remove(string left)
    {
        try
        {
            if (Directory.Exists(left))
            {
                Directory.Delete(left, recursive: true);
                return;
            }

            // A process of another container may have that id: what somebody writes is locked.
            using (new FileStream(left, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
            {
            }

            File.Delete(left);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It is in use after all, or not ours to remove.
        }
    }

    [GeneratedRegex(@"^\.(?<id>\d+)(\.\d+)?\.tmp$")]
    private static partial Regex Pattern();
}
