using System.IO.Compression;
using CsCheck;
using Espalier.Errors;
using Espalier.Networks.Checkpoints;
using Espalier.Tests.Architecture;
using Espalier.Tests.Data;

namespace Espalier.Tests.Checkpoints;

public sealed class PyTorchFileTests : IDisposable
{
    private static readonly string Fixture = Path.Combine(SourceTree.Root, "tests", "Espalier.Tests", "Checkpoints", "linear.pth");

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_state_dict_of_torch_save_is_loaded()
    {
        using var linear = torch.nn.Linear(3, 2);
        LoadReport report = Checkpoint.Load(Fixture, linear);
        Assert.Equal(2, report.Loaded.Count);
        Assert.Equal([0f, 1, 2, 3, 4, 5], linear.weight!.data<float>().ToArray());
        Assert.Equal([1f, 2], linear.bias!.data<float>().ToArray());
        Assert.All(linear.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void A_damaged_pickle_is_refused_or_read_and_never_more()
    {
        byte[] pickle = Pickle();
        using var linear = torch.nn.Linear(3, 2);
        int refused = 0;
        Gen.Select(Gen.Int[0, pickle.Length - 1], Gen.Byte).Array[1, 4].Sample(changes =>
        {
            byte[] changed = [.. pickle];
            foreach ((int at, byte value) in changes)
                changed[at] = value;
            string path = _folder.File($"{Guid.NewGuid():n}.pth");
            WithPickle(path, changed);
            try
            {
                WeightsFile file = WeightsFile.Open(path);
                foreach (string name in file.Names)
                    file.Load(name).Dispose();
            }
            catch (CheckpointException)
            {
                Interlocked.Increment(ref refused);
            }
            finally
            {
                File.Delete(path);
            }
        }, iter: 400, threads: 1);
        Assert.True(refused > 40, $"only {refused} were refused");
    }

    [Fact]
    public void Sizes_beyond_the_data_are_refused()
    {
        // The weight's shape (2, 3) as (2, 200): K\x02K\x03\x86 in the pickle.
        byte[] pickle = Pickle();
        int at = pickle.AsSpan().IndexOf((ReadOnlySpan<byte>)[(byte)'K', 2, (byte)'K', 3, 0x86]);
        pickle[at + 3] = 200;
        string path = _folder.File("large.pth");
        WithPickle(path, pickle);
        Assert.Contains("does not fit its data", Assert.Throws<CheckpointException>(() => WeightsFile.Open(path)).Message, StringComparison.Ordinal);
    }

    private static byte[] Pickle()
    {
        using ZipArchive archive = ZipFile.OpenRead(Fixture);
        using var bytes = new MemoryStream();
        using Stream stream = archive.GetEntry("linear/data.pkl")!.Open();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    private static void WithPickle(string path, byte[] pickle)
    {
        using ZipArchive source = ZipFile.OpenRead(Fixture);
        using ZipArchive target = ZipFile.Open(path, ZipArchiveMode.Create);
        foreach (ZipArchiveEntry entry in source.Entries)
        {
            using Stream output = target.CreateEntry(entry.FullName, CompressionLevel.NoCompression).Open();
            if (entry.Name == "data.pkl")
            {
                output.Write(pickle);
                continue;
            }

            using Stream input = entry.Open();
            input.CopyTo(output);
        }
    }
}
