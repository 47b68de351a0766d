using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using Espalier.Errors;
using Unsafe = MPI.Unsafe;

namespace Espalier.Distributed;

/// <summary>The MPI library of this machine: MPICH or one with its binary interface (Intel MPI, MVAPICH, Cray MPICH, MS-MPI).</summary>
public static class MpiLibrary
{
    private const int LongestVersion = 8192;

    // Open MPI's libmpi.so.40 has another binary interface and another name, so it cannot be taken by mistake.
    private static readonly string[] LinuxNames = ["libmpich.so.12", "libmpi.so.12", "libmpich.so"];
    private static readonly string[] MacNames = ["libmpi.12.dylib", "libmpich.12.dylib", "libmpich.dylib"];
    private static readonly Lazy<nint> Loaded = new(Load);

    /// <summary>Whether the library loads. Nothing is started.</summary>
    public static bool IsAvailable => Loaded.Value != 0;

    /// <summary>How to get the library on this system.</summary>
    public static string Remedy => OperatingSystem.IsLinux() ? "install MPICH: apt-get install mpich"
        : OperatingSystem.IsMacOS() ? "install MPICH: brew install mpich" : "install Microsoft MPI";

    /// <summary>The library's name and version, such as <c>MPICH 4.0.2</c>.</summary>
    /// <exception cref="DistributedException">The library does not load.</exception>
    public static string Version
    {
        get
        {
            Require();
            byte[] text = new byte[LongestVersion];

            // One of the few calls that MPI allows before it is started.
            _ = MpiNative.GetLibraryVersion(text, out int length);
            return Shorten(Encoding.UTF8.GetString(text, 0, length));
        }
    }

    internal static string Shorten(string text)
    {
        // MPICH's is a page of configuration; the first line holds name and version.
        string line = text.TrimEnd('\0').Split('\n')[0].Trim();
        string[] words = line.Split(':', 2, StringSplitOptions.TrimEntries);
        return words is ["MPICH Version", { } version] ? $"MPICH {version}" : line;
    }

    internal static void Require()
    {
        if (!IsAvailable)
            throw new DistributedException("MPI", "the library of MPICH does not load", Remedy);
    }

    private static nint Load()
    {
        NativeEnvironment.Prepare();
        string[] names = OperatingSystem.IsLinux() ? LinuxNames : OperatingSystem.IsMacOS() ? MacNames : [MpiNative.Library];
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                Redirect(typeof(Unsafe).Assembly, library);
                Redirect(typeof(MpiNative).Assembly, library);
                return library;
            }
        }

        return 0;
    }

    private static void Redirect(Assembly assembly, nint library)
    {
        try
        {
            NativeLibrary.SetDllImportResolver(assembly, (name, _, _) => name == MpiNative.Library ? library : 0);
        }
        catch (InvalidOperationException)
        {
            // The program that uses us has redirected MPI.NET already, to where it wants it.
        }
    }
}
