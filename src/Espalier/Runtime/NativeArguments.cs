using System.Diagnostics;
using System.Reflection;

namespace Espalier.Runtime;

/// <summary>
/// Whether the arguments of TorchSharp's methods outlive their native calls in this program. The build asks for it on the output's copy of
/// TorchSharp.dll; a program that loads another copy, such as a host of plug-ins, computes with numbers that may be freed while they are
/// read.
/// </summary>
public static class NativeArguments
{
    /// <summary>What to do where they do not.</summary>
    public const string Remedy = "build the program with Espalier's build files (package Espalier), and see that the host loads the TorchSharp.dll of that build";

    /// <summary>Whether TorchSharp.dll, as it is loaded, is left unoptimized, so that arguments live until a method returns.</summary>
    public static bool AreKept => typeof(torch).Assembly.GetCustomAttribute<DebuggableAttribute>() is { IsJITOptimizerDisabled: true };
}
