// Compiled by MSBuild when a program is built (RoslynCodeTaskFactory) and by the tests; hence plain C# 7.3.
#pragma warning disable CA1050, IDE0005, IDE0161
using System;
using System.IO;

/// <summary>
/// The <c>DebuggableAttribute</c> of a managed assembly, as its metadata holds it: a blob of a length byte 8, the prolog
/// 01 00, the modes as four bytes, and 00 00 for no named argument (ECMA-335, II.23.3).
/// </summary>
public static class DebuggableAssembly
{
    /// <summary>The version of TorchSharp whose methods were found to drop their arguments.</summary>
    public const string KnownVersion = "0.107.0";

    private static readonly byte[] Optimized = { 8, 1, 0, 2, 0, 0, 0, 0, 0 };
    private static readonly byte[] Unoptimized = { 8, 1, 0, 3, 1, 0, 0, 0, 0 };

    /// <summary>Where the modes of a release assembly (IgnoreSymbolStoreSequencePoints alone) lie in a file.</summary>
    /// <param name="image">The whole assembly.</param>
    /// <returns>The offset of the modes, or -1 where there is no such blob or more than one.</returns>
    public static int FindModes(byte[] image)
    {
        return Find(image, Optimized);
    }

    /// <summary>Whether a file holds exactly one blob of an assembly that is left unoptimized (see <see cref="DisableOptimizations"/>).</summary>
    /// <param name="image">The whole assembly.</param>
    public static bool IsUnoptimized(byte[] image)
    {
        return Find(image, Unoptimized) >= 0;
    }

    /// <summary>
    /// Asks the just-in-time compiler to leave a release assembly unoptimized (Default | IgnoreSymbolStoreSequencePoints |
    /// DisableOptimizations), so that a method's arguments stay alive until it returns. The file is replaced, never
    /// written in place (it may be a hard link into the package cache), and keeps its time stamp.
    /// </summary>
    /// <returns>True when the file was changed; false when it was unoptimized already.</returns>
    /// <exception cref="InvalidDataException">It is neither: another build of the assembly, which needs another look.</exception>
    public static bool DisableOptimizations(string path)
    {
        byte[] image = File.ReadAllBytes(path);
        int modes = FindModes(image);
        if (modes < 0)
        {
            if (IsUnoptimized(image))
                return false;
            throw new InvalidDataException("its DebuggableAttribute is not the known one");
        }

        image[modes] = 0x03;
        image[modes + 1] = 0x01;
        DateTime stamp = File.GetLastWriteTimeUtc(path);
        string temporary = path + ".unoptimized";
        File.WriteAllBytes(temporary, image);
        File.SetLastWriteTimeUtc(temporary, stamp);
        File.Delete(path);
        File.Move(temporary, path);
        return true;
    }

    /// <summary>Refuses a version that nobody has looked at.</summary>
    /// <param name="version">The assembly's version.</param>
    /// <exception cref="InvalidDataException">It is not <see cref="KnownVersion"/>.</exception>
    public static void RequireKnown(Version version)
    {
        if (version.ToString(3) != KnownVersion)
            throw new InvalidDataException("it is version " + version.ToString(3) + ", and only " + KnownVersion + " is known to need this");
    }

    private static int Find(byte[] image, byte[] pattern)
    {
        int found = -1;
        for (int i = 0; i <= image.Length - pattern.Length; i++)
        {
            int j = 0;
            while (j < pattern.Length && image[i + j] == pattern[j])
                j++;
            if (j < pattern.Length)
                continue;
            if (found >= 0)
                return -1;
            found = i + 3;
        }

        return found;
    }
}

#if !WITHOUT_MSBUILD
/// <summary>The MSBuild task: keeps the arguments of TorchSharp's methods alive during their native calls.</summary>
public class KeepTorchSharpArguments : Microsoft.Build.Utilities.Task
{
    /// <summary>TorchSharp.dll in the output folder.</summary>
    [Microsoft.Build.Framework.Required]
    public string Assembly { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        try
        {
            DebuggableAssembly.RequireKnown(System.Reflection.AssemblyName.GetAssemblyName(Assembly).Version);
            if (DebuggableAssembly.DisableOptimizations(Assembly))
                Log.LogMessage(Microsoft.Build.Framework.MessageImportance.Normal, "{0}: arguments now outlive native calls", Assembly);
            return true;
        }
        catch (Exception e)
        {
            Log.LogError("{0} cannot be changed so that arguments outlive native calls: {1}. Look whether this version still frees a Scalar while a native call reads it; "
                + "then adapt DebuggableAssembly.cs, or set the property EspalierKeepTorchSharpArguments=false.", Assembly, e.Message);
            return false;
        }
    }
}
#endif
