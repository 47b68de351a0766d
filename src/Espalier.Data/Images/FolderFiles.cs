using System.IO.Enumeration;
using Espalier.Errors;

namespace Espalier.Data.Images;

/// <summary>
/// The files of a folder as every loader sees them: at any depth, in the ordinal order of their paths. What begins with a point, such as the
/// <c>._</c> files of other systems, and what ends in <c>.tmp</c> is hidden; folders that are links are not followed.
/// </summary>
public static class FolderFiles
{
    /// <summary>The files that are not hidden.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static IReadOnlyList<string> In(string folder)
    {
        try
        {
            return Visible(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new DataException(folder, "cannot be read", error.Message, error);
        }
    }

    /// <summary>The files that are not hidden; null where the folder cannot be read now.</summary>
    /// <param name="folder">The folder.</param>
    public static IReadOnlyList<string>? TryIn(string folder)
    {
        try
        {
            return Visible(folder);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The pictures of a folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="leftOut">How many other files there are, hidden ones included.</param>
    /// <exception cref="DataException">It cannot be read.</exception>
    public static IReadOnlyList<string> Pictures(string folder, out int leftOut)
    {
        string[] pictures = [.. In(folder).Where(ImageFile.IsPicture)];
        leftOut = Entries(folder, _ => true).Count - pictures.Length;
        return pictures;
    }

    private static List<string> Visible(string folder)
    {
        List<string> files = Entries(folder, name => name is not ['.', ..] && !name.EndsWith(".tmp", StringComparison.OrdinalIgnoreCase));
        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private delegate bool NameFilter(ReadOnlySpan<char> name);

    private static List<string> Entries(string folder, NameFilter wanted)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true, MaxRecursionDepth = 64 };
        var files = new FileSystemEnumerable<string>(folder, (ref FileSystemEntry e) => e.ToSpecifiedFullPath(), options)
        {
            ShouldIncludePredicate = (ref FileSystemEntry e) => !e.IsDirectory && wanted(e.FileName),
            ShouldRecursePredicate = (ref FileSystemEntry e) => e.FileName is not ['.', ..] && (e.Attributes & FileAttributes.ReparsePoint) == 0,
        };
        return [.. files];
    }
}
