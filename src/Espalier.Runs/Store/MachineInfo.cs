using System.Reflection;
using System.Runtime.InteropServices;

namespace Espalier.Runs.Store;

/// <summary>What a run ran on: the same numbers can be expected only where this is the same.</summary>
public sealed record MachineInfo
{
    /// <summary>Version of Espalier.</summary>
    public required string Espalier { get; init; }

    /// <summary>Version of TorchSharp.</summary>
    public required string TorchSharp { get; init; }

    /// <summary>Version of libtorch, where it can be told.</summary>
    public string? Libtorch { get; init; }

    /// <summary>Version of the .NET runtime.</summary>
    public required string DotNet { get; init; }

    /// <summary>The operating system and its version.</summary>
    public required string OperatingSystem { get; init; }

    /// <summary>The processor's model, else its architecture.</summary>
    public required string Cpu { get; init; }

    /// <summary>Number of logical processors available.</summary>
    public required int Cores { get; init; }

    /// <summary>Number of threads that libtorch uses within an operation; changes the last bits of sums.</summary>
    public required int Threads { get; init; }

    /// <summary>Memory available to the process, in bytes.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>This machine, now.</summary>
    public static MachineInfo Current() => new()
    {
        Espalier = VersionOf(typeof(MachineInfo)),
        TorchSharp = VersionOf(typeof(torch)),
        Libtorch = torch.__version__,
        DotNet = Environment.Version.ToString(),
        OperatingSystem = RuntimeInformation.OSDescription,
        Cpu = CpuModel(),
        Cores = Environment.ProcessorCount,
        Threads = torch.get_num_threads(),
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
    };

    private static string VersionOf(Type type)
        => type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? type.Assembly.GetName().Version?.ToString() ?? "unknown";

    private static string CpuModel()
    {
        const string linux = "/proc/cpuinfo";
        string? line = File.Exists(linux) ? File.ReadLines(linux).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line?.Split(':', 2)[1].Trim()
            ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
            ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
