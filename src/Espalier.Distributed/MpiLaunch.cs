using System.Globalization;

namespace Espalier.Distributed;

/// <summary>What the launcher (<c>mpiexec</c>) tells a process before any message is passed.</summary>
public static class MpiLaunch
{
    private static readonly string[] RankNames = ["PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK"];
    private static readonly string[] SizeNames = ["PMI_SIZE", "OMPI_COMM_WORLD_SIZE"];
    private static readonly string[] LocalSizeNames = ["MPI_LOCALNRANKS", "OMPI_COMM_WORLD_LOCAL_SIZE", "PALS_LOCAL_SIZE", "SLURM_NTASKS_PER_NODE"];
    private static readonly string[] LauncherNames = ["mpiexec.mpich", "mpiexec.hydra", "mpiexec"];

    /// <summary>Whether <c>mpiexec</c> (or Slurm's <c>srun</c> with its PMI) started this process as a rank of a job.</summary>
    public static bool IsUnderLauncher => Number(RankNames) is not null;

    /// <summary>This process's rank as the launcher says it, or null without a launcher.</summary>
    public static int? Rank => Number(RankNames);

    /// <summary>The number of ranks as the launcher says it, or null where it does not.</summary>
    public static int? Size => Number(SizeNames);

    /// <summary>How many ranks of the job run on this machine, as far as the launcher says; at least 1.</summary>
    public static int RanksOnThisNode => IsUnderLauncher ? Math.Max(1, Number(LocalSizeNames) ?? Size ?? 1) : 1;

    /// <summary>
    /// Threads for each rank so that together they use this machine once: its cores divided by its ranks, at least 1.
    /// Where the launcher bound this rank to some of the cores (<c>-bind-to</c>), all of those.
    /// </summary>
    public static int DefaultThreads => Threads(Environment.ProcessorCount, RanksOnThisNode, IsBound());

    /// <summary>The launcher on the path, MPICH's own names first, or null.</summary>
    public static string? FindLauncher() => LauncherNames
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? name + ".exe" : name)))
        .FirstOrDefault(File.Exists);

    internal static bool IsOpenMpi => Number(["OMPI_COMM_WORLD_SIZE"]) is not null;

    internal static int Threads(int cores, int ranks, bool bound) => bound ? cores : Math.Max(1, cores / ranks);

    /// <summary>Whether this process may run on fewer cores than its parent, which is the launcher's proxy on this machine.</summary>
    private static bool IsBound()
    {
        const string field = "Cpus_allowed:";
        if (!IsUnderLauncher || !OperatingSystem.IsLinux())
            return false;
        try
        {
            string[] own = File.ReadAllLines("/proc/self/status");
            string parent = own.First(l => l.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim();
            string of(string[] lines) => lines.First(l => l.StartsWith(field, StringComparison.Ordinal));
            return of(own) != of(File.ReadAllLines($"/proc/{parent}/status"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return false;
        }
    }

    private static int? Number(string[] names) => names
        .Select(n => int.TryParse(Environment.GetEnvironmentVariable(n), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : (int?)null)
        .FirstOrDefault(v => v is not null);
}
