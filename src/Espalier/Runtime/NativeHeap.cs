using System.Runtime.InteropServices;

namespace Espalier.Runtime;

/// <summary>
/// Every step frees its activations and the next one asks for the same sizes again. glibc hands freed memory of that
/// size back to the system by default, and the system gives it out anew, page by page, at the cost of a fault and a
/// clearing each: up to a third of the time of a step of a small network. This lets glibc keep it; what the process holds at its peak stays the same.
/// </summary>
internal static partial class NativeHeap
{
    private const int TrimThreshold = -1;   // M_TRIM_THRESHOLD of malloc.h
    private const int MmapThreshold = -3;   // M_MMAP_THRESHOLD
    private const int Kept = 1 << 30;
    private const int LargestOfOlderGlibc = 32 << 20;

    private static readonly string[] UserSettings = ["MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES"];

    /// <summary>Tells glibc; a user's own setting wins, and elsewhere than on Linux with glibc nothing happens.</summary>
    /// <returns>Whether freed memory is kept.</returns>
    public static bool KeepFreedMemory()
    {
        if (!OperatingSystem.IsLinux() || UserSettings.Any(s => Environment.GetEnvironmentVariable(s) is not null))
            return false;
        try
        {
            bool mapsFewer = SetOption(MmapThreshold, Kept) != 0 || SetOption(MmapThreshold, LargestOfOlderGlibc) != 0;
            return SetOption(TrimThreshold, Kept) != 0 && mapsFewer;
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException)
        {
            return false; // another C library, such as musl
        }
    }

    [LibraryImport("libc", EntryPoint = "mallopt")]
    private static partial int SetOption(int option, int value);
}
