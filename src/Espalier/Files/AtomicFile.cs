namespace Espalier.Files;

/// <summary>
/// Writes files that are whole or absent: a reader sees the old one or the new one, and a kill at any moment leaves the
/// old one. What a killed process left under a temporary name is removed at the next write.
/// </summary>
public static class AtomicFile
{
    /// <summary>Replaces a file in one step: written under a temporary name, flushed to disk, moved.</summary>
    /// <param name="path">The file; its folder is made where missing.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The disk is full, or the file cannot be written.</exception>
    public static void Replace(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        Directory.CreateDirectory(Path.GetDirectoryName(full)!);
        TemporaryNames.RemoveStale(full);
        string temporary = TemporaryNames.For(full);
        try
        {
            using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 18))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Replaces a text file in one step, UTF-8.</summary>
    /// <param name="path">The file; its folder is made where missing.</param>
    /// <param name="text">The content.</param>
    /// <exception cref="IOException">The disk is full, or the file cannot be written.</exception>
    public static void Replace(string path, string text) => Replace(path, file => file.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}
