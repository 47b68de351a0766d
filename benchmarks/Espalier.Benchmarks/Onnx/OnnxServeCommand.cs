using System.Diagnostics;
using System.Globalization;
using Espalier.Benchmarks.Overhead;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Onnx.Classification;
using Espalier.Onnx.Export;

namespace Espalier.Benchmarks.Onnx;

/// <summary>
/// <c>onnx [--calls 40] [--threads N]</c>: networks in TorchSharp and, exported, in ONNX Runtime, called in turn in one process,
/// so that whatever else the machine does meets both.
/// </summary>
internal static class OnnxServeCommand
{
    private static readonly string[] Models = ["gmlp_s16_224", "vit_small", "resnet18"];
    private static readonly int[] Batches = [1, 8];

    public static void Run(CommandArguments arguments)
    {
        if (arguments.Number("--threads") is { } threads)
            torch.set_num_threads(threads);
        int calls = arguments.Number("--calls") ?? 40;
        string folder = Directory.CreateTempSubdirectory("espalier-onnx-").FullName;
        Write($"threads {torch.get_num_threads()}, {calls} calls of each in turn, milliseconds: median (quartiles)");
        Console.WriteLine("model          batch   TorchSharp              ONNX Runtime            ratio   max difference   export ms");
        try
        {
            foreach (string name in Models)
            {
                using var module = ModelZoo.Create(new ModelOptions { Name = name }, [3, 224, 224], 1000, 1);
                FillZeros(module);
                string path = Path.Combine(folder, name + ".onnx");
                long start = Stopwatch.GetTimestamp();
                OnnxExportReport report = OnnxExporter.Export(module, path, [new OnnxInput("input", [3, 224, 224], Lower: 0)], new() { VerifiedBatchSizes = [1, 2] });
                double export = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                using var torchSharp = new TorchClassifier(module, [3, 224, 224], 1000);
                using var onnx = OnnxClassifier.Open(path);
                foreach (int batch in Batches)
                {
                    using Tensor images = torch.rand(batch, 3, 224, 224);
                    List<double> eager = [], runtime = [];
                    for (int call = -3; call < calls; call++)
                    {
                        double first = Time(() => torchSharp.Logits(images));
                        double second = Time(() => onnx.Scores(images));
                        if (call < 0)
                            continue;
                        eager.Add(first);
                        runtime.Add(second);
                    }

                    Write($"{name,-14} {batch,5}   {Text(eager),-22}  {Text(runtime),-22}  {Quantiles.Median(runtime) / Quantiles.Median(eager),5:0.00}   {report.MaxDifference,14:0.0e+0}   {export,9:0}");
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A fresh head of zeros would agree with anything.
    private static void FillZeros(torch.nn.Module module)
    {
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(1);
        foreach (Tensor parameter in module.parameters())
        {
            if (parameter.count_nonzero().item<long>() == 0)
                parameter.normal_(0, 0.02, generator);
        }
    }

    private static double Time(Func<Tensor> call)
    {
        using var inference = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long start = Stopwatch.GetTimestamp();
        _ = call().sum().item<float>();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static string Text(List<double> times) => string.Create(CultureInfo.InvariantCulture,
        $"{Quantiles.Of(times, 0.5):0.0} ({Quantiles.Of(times, 0.25):0.0} to {Quantiles.Of(times, 0.75):0.0})");

    private static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
