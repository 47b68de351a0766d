namespace Espalier.Data.Catalog;

/// <summary>Where data sets lie on this machine: each in a folder of its own name.</summary>
/// <param name="Local">The user's collection (<c>ESPALIER_DATA</c>); null where there is none. Only read.</param>
/// <param name="Cache">Where downloads go (<c>ESPALIER_CACHE</c>, else <c>~/.cache/espalier</c>).</param>
public sealed record DataFolders(string? Local, string Cache)
{
    /// <summary>The variable that names the user's collection.</summary>
    public const string LocalVariable = "ESPALIER_DATA";

    /// <summary>The variable that names the cache.</summary>
    public const string CacheVariable = "ESPALIER_CACHE";

    /// <summary>The folders that the environment names.</summary>
    public static DataFolders FromEnvironment() => new(Read(LocalVariable), Read(CacheVariable)
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache", "espalier"));

    /// <summary>Where a file of a data set lies, the collection before the cache; null where it is in neither.</summary>
    internal string? Locate(string dataset, string file)
        => new[] { Local, Cache }.OfType<string>().Select(root => Path.Combine(root, dataset, file)).FirstOrDefault(File.Exists);

    private static string? Read(string variable)
        => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null;
}
