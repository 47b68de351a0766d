using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace Espalier.Runtime;

/// <summary>
/// libtorch carries Intel's oneMKL, which keeps its AVX2 and AVX-512 kernels for Intel's own processors: on an AMD
/// processor of the same instruction set <c>exp</c> takes three times as long, a thin matrix product two to three
/// times. The library asks once, in the function <c>mkl_serv_intel_cpu_true</c>, and remembers the answer in a word of
/// its data, which is -1 until then. This answers yes for it, as soon as libtorch is loaded and before its first
/// product; which instructions the processor has the library still finds out by itself.
/// </summary>
/// <remarks>
/// Done on Linux x64 when the processor is not Intel's and has AVX2 and FMA. Left alone when the variable
/// <see cref="Variable"/> is 0, when <c>MKL_CBWR</c> or <c>MKL_ENABLE_INSTRUCTIONS</c> is set, or when the function
/// does not look as expected.
/// </remarks>
internal static partial class MathKernels
{
    /// <summary>0 leaves the choice of kernels to oneMKL.</summary>
    internal const string Variable = "ESPALIER_MATH_KERNELS";

    private const int RtldLazy = 1;
    private const int RtldNoLoad = 4;
    private const int Undecided = -1;
    private const int No = 0;
    private const int Yes = 1;

    private static readonly string[] UserSettings = ["MKL_CBWR", "MKL_ENABLE_INSTRUCTIONS"];

    private static bool s_decided;

    /// <summary>Waits for TorchSharp; its first native call finds libtorch loaded and nothing computed.</summary>
    public static void ChooseWhenLoaded()
    {
        if (!IsWanted())
            return;
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => Attach(loaded.LoadedAssembly);
        foreach (Assembly assembly in AppDomain.CurrentDomain.GetAssemblies())
            Attach(assembly);
    }

    /// <summary>libtorch, if it is loaded.</summary>
    /// <returns>Its handle, or 0.</returns>
    internal static nint LoadedLibrary()
    {
        try
        {
            return OpenLibrary("libtorch_cpu.so", RtldLazy | RtldNoLoad);
        }
        catch (Exception error) when (error is EntryPointNotFoundException or DllNotFoundException)
        {
            return 0; // another C library, such as musl
        }
    }

    /// <summary>Where libtorch keeps the answer, if the function looks as expected.</summary>
    /// <param name="library">libtorch's handle.</param>
    /// <returns>The address of the word, or 0.</returns>
    internal static nint Answer(nint library) =>
        NativeLibrary.TryGetExport(library, "mkl_serv_intel_cpu_true", out nint function) ? AnswerRead(function) : 0;

    private static void TryChoose(nint library)
    {
        nint answer = Answer(library);
        if (answer != 0 && Marshal.ReadInt32(answer) is Undecided or No)
            Marshal.WriteInt32(answer, Yes);
    }

    /// <summary>
    /// The address of the word that the function returns when it is not negative:
    /// <c>mov eax, [rip + displacement]; test eax, eax; js ...; ret</c>.
    /// </summary>
    /// <param name="function">The function's first byte.</param>
    /// <returns>The address, or 0 when the function begins otherwise.</returns>
    internal static nint AnswerRead(nint function)
    {
        const int EndOfLoad = 6;
        ReadOnlySpan<byte> load = [0x8B, 0x05];
        ReadOnlySpan<byte> testAndReturn = [0x85, 0xC0, 0x78, 0x01, 0xC3];
        for (int i = 0; i < load.Length; i++)
        {
            if (Marshal.ReadByte(function, i) != load[i])
                return 0;
        }

        for (int i = 0; i < testAndReturn.Length; i++)
        {
            if (Marshal.ReadByte(function, EndOfLoad + i) != testAndReturn[i])
                return 0;
        }

        return function + EndOfLoad + Marshal.ReadInt32(function, load.Length);
    }

    internal static bool IsWanted() =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && Avx2.IsSupported && Fma.IsSupported && Vendor() != "GenuineIntel"
        && Environment.GetEnvironmentVariable(Variable) != "0"
        && !UserSettings.Any(s => Environment.GetEnvironmentVariable(s) is not null);

    private static string Vendor()
    {
        (_, int first, int third, int second) = X86Base.CpuId(0, 0);
        return Encoding.ASCII.GetString(
            [.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second), .. BitConverter.GetBytes(third)]);
    }

    private static void Attach(Assembly assembly)
    {
        if (assembly.GetName().Name != "TorchSharp")
            return;
        try
        {
            NativeLibrary.SetDllImportResolver(assembly, (_, _, _) =>
            {
                if (!Volatile.Read(ref s_decided) && LoadedLibrary() is not 0 and nint library)
                {
                    TryChoose(library);
                    Volatile.Write(ref s_decided, true);
                }

                return 0; // the library itself is found as ever
            });
        }
        catch (InvalidOperationException)
        {
            // The program resolves TorchSharp's libraries by itself, and only one may.
        }
    }

    [LibraryImport("libdl.so.2", EntryPoint = "dlopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint OpenLibrary(string name, int flags);
}
