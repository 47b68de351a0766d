using System.Runtime.InteropServices;

namespace Espalier.Distributed;

/// <summary>
/// What MPICH and its transports read from the C environment when they load. Managed environment calls do not reach it;
/// a user's own setting wins.
/// </summary>
internal static partial class NativeEnvironment
{
    private const int WriteOnly = 1;
    private const int StandardError = 2;

    private static readonly (string Name, string Value)[] Defaults =
    [
        // UCX takes over SIGSEGV and would turn every null reference, which .NET learns of by that signal, into a crash.
        ("UCX_ERROR_SIGNALS", ""),
        ("UCX_HANDLE_ERRORS", "none"),

        // Its warnings are about devices that are not there; errors come back as return codes.
        ("UCX_LOG_LEVEL", "fatal"),

        ("FI_LOG_LEVEL", "none"),
    ];

    public static void Prepare()
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach ((string name, string value) in Defaults)
            _ = SetEnvironment(name, value, 0);
    }

    /// <summary>
    /// Leads standard error nowhere, for the rest of this process's life: MPI_Abort writes a line of its own even when it
    /// is told not to, and whoever aborts has said why in words that a user understands.
    /// </summary>
    public static void SilenceErrors()
    {
        if (OperatingSystem.IsWindows())
            return;
        int nowhere = Open("/dev/null", WriteOnly);
        if (nowhere >= 0)
            _ = Duplicate(nowhere, StandardError);
    }

    /// <summary>Ends this process now, without the farewells of libraries that other threads still use.</summary>
    public static void End(int exitCode)
    {
        if (OperatingSystem.IsWindows())
            Environment.Exit(exitCode);
        Exit(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
