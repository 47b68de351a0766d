using System.Globalization;

namespace Espalier.Files;

/// <summary>
/// A file that one process holds open, so that no other works on what it stands for; the system lets go of it when the process ends, however
/// it ends. Beside it stands who holds it, in <c>FILE.id</c>; both are removed when it is let go.
/// </summary>
public sealed class FileLock : IDisposable
{
    // EWOULDBLOCK of Linux and macOS; ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION of Windows.
    private const int LinuxBusy = 11;
    private const int MacBusy = 35;
    private const int WindowsShared = 32;
    private const int WindowsLocked = 33;

    private readonly FileStream _file;

    private FileLock(FileStream file) => _file = file;

    private static string IdOf(string path) => path + ".id";

    /// <summary>Takes a lock.</summary>
    /// <param name="path">The lock's file; its folder must exist.</param>
    /// <param name="holder">The id of the process that holds it, where it is held and the id can be read; else null.</param>
    /// <returns>The lock, to be disposed of, or null where another holds it.</returns>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written.</exception>
    public static FileLock? TryTake(string path, out int? holder)
    {
        holder = null;
        try
        {
            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            File.WriteAllText(IdOf(path), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new FileLock(file);
        }
        catch (IOException error) when ((error.HResult & 0xFFFF) is LinuxBusy or MacBusy or WindowsShared or WindowsLocked)
        {
            holder = Holder(path);
            return null;
        }
    }

    /// <summary>Who holds a lock, in words for an error: <c>process 4711</c>.</summary>
    /// <param name="holder">The id, where it is known.</param>
    public static string Name(int? holder) => holder is { } id ? string.Create(CultureInfo.InvariantCulture, $"process {id}") : "another process";

    /// <summary>Lets go.</summary>
    public void Dispose()
    {
        if (!_file.CanRead)
            return;
        File.Delete(IdOf(_file.Name));
        _file.Dispose();
    }

    private static int? Holder(string path)
    {
        try
        {
            return int.TryParse(File.ReadAllText(IdOf(path)), NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null; // It is being written this moment.
        }
    }
}
