using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>A data set of files in the user's collection or the cache.</summary>
internal abstract class FileSource(DatasetInfo info) : DatasetSource(info)
{
    public override (string Problem, string Remedy)? Missing(DataFolders folders)
    {
        string[] missing = [.. Info.Files.Where(f => folders.Locate(Info.Folder, f.Name) is null).Select(f => f.Name)];
        if (missing.Length == 0)
            return null;
        string local = folders.Local is null
            ? $"set {DataFolders.LocalVariable} to the folder that holds {Info.Folder}/"
            : $"put them into {Path.Combine(folders.Local, Info.Folder)}";
        bool isPublic = Info.Files.All(f => f.Url is not null);
        return ($"not on this machine: {string.Join(", ", missing)}", isPublic ? $"run 'espalier data fetch {Info.Name}', or {local}" : local);
    }

    /// <summary>Reads one of the files, uncompressed and verified, and notes its checksum.</summary>
    protected byte[] Read(DataFolders folders, DatasetFile file, Dictionary<string, string> checksums)
    {
        string path = folders.Locate(Info.Folder, file.Name)
            ?? throw new DataException(file.Name, "has vanished", "put it back");
        byte[] content = file.ReadVerified(path);
        checksums[file.Name] = file.Sha256;
        return content;
    }
}
