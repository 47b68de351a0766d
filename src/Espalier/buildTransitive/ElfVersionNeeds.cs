// Compiled by MSBuild when a program is built (RoslynCodeTaskFactory) and by the tests; hence plain C# 7.3.
#pragma warning disable CA1050, CA2249, IDE0005, IDE0161
using System;
using System.IO;
using System.Text;

/// <summary>
/// The symbol versions that a 64-bit little-endian ELF library demands from the libraries it is linked against: its
/// section <c>.gnu.version_r</c> (System V ABI, LSB core specification 10.7.2).
/// </summary>
public static class ElfVersionNeeds
{
    /// <summary>The bit of <c>vna_flags</c> that lets the loader go on when the version is missing.</summary>
    public const ushort WeakFlag = 0x2;

    private const uint VersionNeedsSection = 0x6ffffffe;

    /// <summary>Finds the flags of one needed version.</summary>
    /// <param name="image">The whole library.</param>
    /// <param name="version">Such as <c>GLIBCXX_3.4.32</c>.</param>
    /// <returns>The offset of <c>vna_flags</c> in the image, or -1 where the library does not need that version.</returns>
    /// <exception cref="InvalidDataException">The image is no 64-bit little-endian ELF file.</exception>
    public static int FindFlags(byte[] image, string version)
    {
        if (image.Length < 64 || image[0] != 0x7f || image[1] != 'E' || image[2] != 'L' || image[3] != 'F'
            || image[4] != 2 || image[5] != 1)
        {
            throw new InvalidDataException("not a 64-bit little-endian ELF file");
        }

        long sections = BitConverter.ToInt64(image, 0x28);
        int sectionSize = BitConverter.ToUInt16(image, 0x3a);
        int sectionCount = BitConverter.ToUInt16(image, 0x3c);
        for (int s = 0; s < sectionCount; s++)
        {
            int header = checked((int)(sections + ((long)s * sectionSize)));
            if (BitConverter.ToUInt32(image, header + 4) != VersionNeedsSection)
                continue;

            int needs = checked((int)BitConverter.ToInt64(image, header + 0x18));
            int stringsHeader = checked((int)(sections + (BitConverter.ToUInt32(image, header + 0x28) * (long)sectionSize)));
            int strings = checked((int)BitConverter.ToInt64(image, stringsHeader + 0x18));
            return FindFlags(image, needs, strings, version);
        }

        return -1;
    }

    private static int FindFlags(byte[] image, int need, int strings, string version)
    {
        while (true)
        {
            int count = BitConverter.ToUInt16(image, need + 2);
            int aux = need + checked((int)BitConverter.ToUInt32(image, need + 8));
            for (int i = 0; i < count; i++)
            {
                if (StringAt(image, strings + checked((int)BitConverter.ToUInt32(image, aux + 8))) == version)
                    return aux + 4;
                aux += checked((int)BitConverter.ToUInt32(image, aux + 12));
            }

            int next = checked((int)BitConverter.ToUInt32(image, need + 12));
            if (next == 0)
                return -1;
            need += next;
        }
    }

    private static string StringAt(byte[] image, int offset)
    {
        int end = Array.IndexOf(image, (byte)0, offset);
        return Encoding.ASCII.GetString(image, offset, end - offset);
    }

    /// <summary>
    /// Marks a needed version as weak in a file. The file is replaced, never written in place, so that another name of
    /// it (a hard link into the package cache) keeps its content; the time stamp stays, so that an incremental build
    /// does not copy it again.
    /// </summary>
    /// <returns>True when the file was changed; false when it does not need the version or has the mark already.</returns>
    public static bool Weaken(string path, string version)
    {
        byte[] image = File.ReadAllBytes(path);
        int flags = FindFlags(image, version);
        if (flags < 0 || (image[flags] & WeakFlag) != 0)
            return false;

        image[flags] |= (byte)WeakFlag;
        DateTime stamp = File.GetLastWriteTimeUtc(path);
        string temporary = path + ".weak";
        File.WriteAllBytes(temporary, image);
        File.SetLastWriteTimeUtc(temporary, stamp);
        File.Delete(path);
        File.Move(temporary, path);
        return true;
    }

    /// <summary>Whether a C++ run-time library defines a version, judged by its string table.</summary>
    public static bool Defines(string library, string version)
    {
        string text = Encoding.GetEncoding("ISO-8859-1").GetString(File.ReadAllBytes(library));
        return text.IndexOf("\0" + version + "\0", StringComparison.Ordinal) >= 0;
    }
}

#if !WITHOUT_MSBUILD
/// <summary>The MSBuild task: weakens <see cref="Version"/> in <see cref="Library"/> where the machine lacks it.</summary>
public class WeakenLibTorchSharp : Microsoft.Build.Utilities.Task
{
    private static readonly string[] RuntimeLibraries =
    {
        "/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/lib/x86_64-linux-gnu/libstdc++.so.6",
        "/usr/lib64/libstdc++.so.6", "/lib64/libstdc++.so.6", "/usr/lib/libstdc++.so.6",
    };

    /// <summary>The copy in the output folder.</summary>
    [Microsoft.Build.Framework.Required]
    public string Library { get; set; }

    /// <summary>The symbol version to weaken.</summary>
    [Microsoft.Build.Framework.Required]
    public string Version { get; set; }

    /// <summary><c>auto</c>: only where this machine's libstdc++ lacks the version; <c>always</c>: for a deployment elsewhere.</summary>
    public string Mode { get; set; }

    /// <inheritdoc/>
    public override bool Execute()
    {
        if (Mode != "always")
        {
            foreach (string runtime in RuntimeLibraries)
            {
                if (File.Exists(runtime) && ElfVersionNeeds.Defines(runtime, Version))
                    return true;
            }
        }

        try
        {
            if (ElfVersionNeeds.Weaken(Library, Version))
                Log.LogMessage(Microsoft.Build.Framework.MessageImportance.Normal, "{0}: {1} is now optional", Library, Version);
            return true;
        }
        catch (Exception e)
        {
            Log.LogError("{0} cannot be made loadable on this machine's libstdc++: {1}", Library, e.Message);
            return false;
        }
    }
}
#endif
