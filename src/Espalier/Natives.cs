using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Espalier;

/// <summary>What must happen before libtorch loads.</summary>
internal static partial class Natives
{
    /// <summary>
    /// The idle threads of GNU OpenMP spin, which slows a busy machine several times over. The variable must be set in
    /// the C environment (managed environment calls do not reach it) before libtorch loads; a user's own setting wins.
    /// </summary>
#pragma warning disable CA2255 // A module initializer is the one place that surely runs before the first tensor.
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void LetIdleThreadsSleep()
    {
        if (OperatingSystem.IsLinux())
            _ = SetEnvironment("OMP_WAIT_POLICY", "passive", 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
