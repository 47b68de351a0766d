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

    // Of Linux, as is all that it is used for: O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, and rw-------.
    private const int CreateToAppend = 0x1 | 0x40 | 0x400 | 0x80000;
    private const int OwnersOnly = 0x180;

    /// <summary>What native code writes to standard error, once that was diverted.</summary>
    public static string NativeLog { get; } = Path.Combine(Path.GetTempPath(), string.Create(System.Globalization.CultureInfo.InvariantCulture, $"espalier-native-{Environment.ProcessId}"));

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

    /// <summary>
    /// Leads what native code writes to standard error into <see cref="NativeLog"/>; managed code, which has a descriptor of its own, goes
    /// on speaking to the user. UCX writes a line there before it ends a rank whose partner has died: which says nothing to a user, but
    /// tells this rank's last words that another died first.
    /// </summary>
    public static void DivertNativeErrors()
    {
        if (!OperatingSystem.IsLinux())
            return;
        _ = Console.Error;
        int log = Open(NativeLog, CreateToAppend, OwnersOnly);
        if (log >= 0)
            _ = Duplicate(log, StandardError);
    }

    /// <summary>Ends this process now, without the farewells of libraries that other threads still use.</summary>
    public static void End(int exitCode)
    {
        if (OperatingSystem.IsWindows())
            Environment.Exit(exitCode);
        Exit(exitCode);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode = 0);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int from, int to);

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int code);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
