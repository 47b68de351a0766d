using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using CsCheck;
using Espalier.Networks;
using Espalier.Tests.Architecture;
using Espalier.Tests.Data;

namespace Espalier.Tests.Checkpoints;

public sealed class PyTorchFileTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

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
    public void What_PyTorch_itself_writes_is_read()
    {
        RequirePython();
        Write("""
            base = torch.arange(24.).reshape(4, 6)
            torch.save({
                'view': base[1:3, ::2],
                'transposed': base.t(),
                'shared': base,
                'half': torch.tensor([1.5, -2.25]).half(),
                'bf16': torch.tensor([1.5, -2.25]).bfloat16(),
                'double': torch.tensor(2.5, dtype=torch.float64),
                'long': torch.tensor([2**40, -3]),
                'bool': torch.tensor([True, False]),
                'parameter': torch.nn.Parameter(torch.ones(2)),
                'empty': torch.zeros(0, 3),
            }, path)
            """);
        WeightsFile file = WeightsFile.Open(_folder.File("out.pth"));
        Assert.Equal([6f, 8, 10, 12, 14, 16], file.Load("view").data<float>().ToArray());
        Assert.Equal([0f, 6, 12, 18, 1], file.Load("transposed").data<float>().ToArray()[..5]);
        Assert.Equal([6L, 4L], file.ShapeOf("transposed"));
        Assert.Equal([1.5f, -2.25f], file.Load("half").to(torch.float32).data<float>().ToArray());
        Assert.Equal([1.5f, -2.25f], file.Load("bf16").to(torch.float32).data<float>().ToArray());
        Assert.Equal(2.5, file.Load("double").item<double>());
        Assert.Equal([1L << 40, -3], file.Load("long").data<long>().ToArray());
        Assert.Equal([true, false], file.Load("bool").data<bool>().ToArray());
        Assert.Equal([1f, 1], file.Load("parameter").data<float>().ToArray());
        Assert.Equal([0L, 3L], file.Load("empty").shape);
    }

    [Fact]
    public void Wrappers_of_training_programs_are_taken_off()
    {
        RequirePython();
        string[] saved =
        [
            "{'state_dict': s, 'epoch': 3, 'best': 0.5}",
            "{'model': s, 'name': 'x', 'history': [1, 2.5, None]}",
            "{'model_ema': s}",
            "{'module.' + k: v for k, v in s.items()}",
            "{'state_dict': {'module.' + k: v for k, v in s.items()}}",
            "s",
        ];
        Write("s = torch.nn.Linear(3, 2).state_dict()\n" + string.Join('\n', saved.Select((expression, i) => $"torch.save({expression}, path + '{i}')")));
        for (int i = 0; i < saved.Length; i++)
        {
            using var linear = torch.nn.Linear(3, 2);
            Assert.True(Checkpoint.Load(_folder.File($"out.pth{i}"), linear).IsComplete, saved[i]);
        }
    }

    [Fact]
    public void A_pickle_that_calls_something_is_refused_and_not_run()
    {
        RequirePython();
        string trace = _folder.File("trace");
        Write($$"""
            import os
            class Evil:
                def __reduce__(self):
                    return (os.system, ('touch {{trace}}',))
            torch.save({'weight': torch.zeros(2, 3), 'bias': torch.zeros(2), 'evil': Evil()}, path)
            """);
        using var linear = torch.nn.Linear(3, 2);
        CheckpointException error = Assert.Throws<CheckpointException>(() => Checkpoint.Load(_folder.File("out.pth"), linear));
        Assert.Contains("system", error.Message, StringComparison.Ordinal);
        Assert.Contains("nothing was run", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(trace));
    }

    [Fact]
    public void The_format_of_before_version_1_6_is_named()
    {
        RequirePython();
        Write("torch.save({'weight': torch.zeros(2, 3)}, path, _use_new_zipfile_serialization=False)");
        Assert.Contains("1.6", Assert.Throws<CheckpointException>(() => WeightsFile.Open(_folder.File("out.pth"))).Message, StringComparison.Ordinal);
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

    private static readonly Lazy<bool> HasTorch = new(() =>
    {
        if (!File.Exists(Python))
            return false;
        using Process process = Process.Start(new ProcessStartInfo(Python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    });

    private static void RequirePython()
    {
        if (!HasTorch.Value)
            Assert.Skip($"{Python} is missing, or has no torch");
    }

    private void Write(string script)
    {
        string file = _folder.Write("script.py", $"import torch\npath = {System.Text.Json.JsonSerializer.Serialize(_folder.File("out.pth"))}\n{script}\n");
        using Process process = Process.Start(new ProcessStartInfo(Python, [file]) { RedirectStandardError = true, StandardErrorEncoding = Encoding.UTF8 })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, error);
    }
}
