using System.Runtime.InteropServices;

namespace Espalier.Runtime;

/// <summary>The threads of GNU OpenMP, which libtorch uses on Linux.</summary>
internal static partial class OpenMp
{
    /// <summary>
    /// Idle threads spin by default, which slows a busy machine several times over. The variable must be set in the C
    /// environment (managed environment calls do not reach it) before libtorch loads; a user's own setting wins.
    /// </summary>
    public static void LetIdleThreadsSleep()
    {
        if (OperatingSystem.IsLinux())
            _ = SetEnvironment("OMP_WAIT_POLICY", "passive", 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
