using System.Diagnostics;
using System.Text;
using Espalier.Errors;
using Espalier.Networks.Checkpoints;
using Espalier.Tests.Concurrency;
using Espalier.Tests.Data;
using TorchSharp.Modules;

namespace Espalier.Tests.Checkpoints;

/// <summary>Files that PyTorch writes while the test runs.</summary>
[Collection(Beside.Name)]
public sealed class PyTorchProcessTests : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

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
        Write("from torch import nn\ns = nn.Linear(3, 2).state_dict()\n" + string.Join('\n', saved.Select((expression, i) => $"torch.save({expression}, path + '{i}')")));
        for (int i = 0; i < saved.Length; i++)
        {
            using var linear = new Affine();
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
        using var linear = new Affine();
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

    /// <summary>The weights of a linear layer from 3 to 2, made without random numbers.</summary>
    private sealed class Affine : torch.nn.Module<Tensor, Tensor>
    {
        private readonly Parameter weight = new(torch.zeros(2, 3));
        private readonly Parameter bias = new(torch.zeros(2));

        public Affine() : base(nameof(Affine)) => RegisterComponents();

        public override Tensor forward(Tensor input) => torch.nn.functional.linear(input, weight, bias);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                weight.Dispose();
                bias.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
