namespace Espalier.Tests.Natives;

public sealed class ElfVersionNeedsTests
{
    private const string Version = "GLIBCXX_3.4.32";

    private static string PackagedLibrary()
    {
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        return Path.Combine(packages, "torchsharp", "0.107.0", "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
    }

    [Fact]
    public void Weakening_sets_one_bit_of_the_copy_and_leaves_the_package_alone()
    {
        string packaged = PackagedLibrary();
        Assert.SkipUnless(File.Exists(packaged), $"the package's library is not at {packaged}");
        byte[] before = File.ReadAllBytes(packaged);
        int flags = ElfVersionNeeds.FindFlags(before, Version);
        Assert.True(flags > 0, "the packaged library needs the version");
        Assert.Equal(0, before[flags] & ElfVersionNeeds.WeakFlag);

        string copy = Path.Combine(Path.GetTempPath(), $"weaken-{Guid.NewGuid():n}.so");
        File.Copy(packaged, copy);
        try
        {
            DateTime stamp = File.GetLastWriteTimeUtc(copy);
            Assert.True(ElfVersionNeeds.Weaken(copy, Version));
            byte[] after = File.ReadAllBytes(copy);
            Assert.Equal(ElfVersionNeeds.WeakFlag, after[flags]);
            Assert.Equal(1, before.Zip(after).Count(pair => pair.First != pair.Second));
            Assert.Equal(stamp, File.GetLastWriteTimeUtc(copy));
            Assert.False(ElfVersionNeeds.Weaken(copy, Version), "a second time there is nothing to do");
        }
        finally
        {
            File.Delete(copy);
        }

        Assert.Equal(before, File.ReadAllBytes(packaged));
    }

    [Fact]
    public void The_library_in_the_output_folder_asks_for_nothing_this_machine_lacks()
    {
        string built = Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so");
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(built), "only Linux needs this");
        byte[] image = File.ReadAllBytes(built);
        bool weak = (image[ElfVersionNeeds.FindFlags(image, Version)] & ElfVersionNeeds.WeakFlag) != 0;
        string[] runtimes = ["/usr/lib/x86_64-linux-gnu/libstdc++.so.6", "/usr/lib64/libstdc++.so.6"];
        bool present = runtimes.Any(r => File.Exists(r) && ElfVersionNeeds.Defines(r, Version));
        Assert.True(weak || present);
        Assert.Equal(2f, torch.ones(2).sum().ToSingle());
    }

    [Fact]
    public void Something_else_than_an_ELF_file_is_refused() =>
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.FindFlags(new byte[100], Version));
}
