using System.Runtime.InteropServices;

namespace Espalier.Distributed;

/// <summary>
/// What MPICH and its transports read from the C environment when they load. Managed environment calls do not reach it;
/// a user's own setting wins.
/// </summary>
internal static partial class NativeEnvironment
{
    private static readonly (string Name, string Value)[] Defaults =
    [
        // UCX takes over SIGSEGV and would turn every null reference, which .NET learns of by that signal, into a crash.
        ("UCX_ERROR_SIGNALS", ""),
        ("UCX_HANDLE_ERRORS", "none"),

        // Its warnings are about devices that are not there; errors come back as return codes.
        ("UCX_LOG_LEVEL", "fatal"),

        // Who calls Abort has said why in words that a user understands.
        ("MPIR_CVAR_SUPPRESS_ABORT_MESSAGE", "1"),
        ("FI_LOG_LEVEL", "none"),
    ];

    public static void Prepare()
    {
        if (OperatingSystem.IsWindows())
            return;
        foreach ((string name, string value) in Defaults)
            _ = SetEnvironment(name, value, 0);
    }

    /// <summary>Ends this process now, without the farewells of libraries that other threads still use.</summary>
    public static void End(int exitCode)
    {
        if (OperatingSystem.IsWindows())
            Environment.Exit(exitCode);
        Exit(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
