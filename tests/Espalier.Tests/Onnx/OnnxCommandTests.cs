using System.Text.Json;
using Espalier.Tests.Cli;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Onnx;

public sealed class OnnxCommandTests(TinyRun tiny) : IClassFixture<TinyRun>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_is_exported_and_judged_alike_from_its_onnx_file()
    {
        string model = _folder.File("tiny.onnx");
        CommandResult export = InProcess.Run("export", tiny.Folder, "--raw", "--out", model, "--json");
        Assert.True(export.ExitCode == 0, export.Error);
        using JsonDocument report = JsonDocument.Parse(export.Output);
        Assert.InRange(report.RootElement.GetProperty("maxDifference").GetDouble(), 0, 1e-5);

        CommandResult evaluate = InProcess.Run("evaluate", model, "--out", _folder.File("onnx"), "--quiet");
        Assert.True(evaluate.ExitCode == 0, evaluate.Error);
        Dictionary<string, double?> here = TinyRun.Numbers(tiny.Folder), there = TinyRun.Numbers(_folder.File("onnx"));
        foreach (string number in (string[])["accuracy", "logLoss", "brier", "ece", "macroF1"])
            Assert.Equal(here[$"evaluate.{number}"]!.Value, there[$"evaluate.{number}"]!.Value, 5);
    }

    [Fact]
    public void A_picture_is_named_with_its_probability()
    {
        string model = _folder.File("tiny.onnx");
        Assert.Equal(0, InProcess.Run("export", tiny.Folder, "--out", model, "--quiet").ExitCode);
        string picture = _folder.File("dot.png");
        using (var bitmap = new SkiaSharp.SKBitmap(8, 8))
        {
            using var stream = File.Create(picture);
            bitmap.Encode(stream, SkiaSharp.SKEncodedImageFormat.Png, 100);
        }

        CommandResult predict = InProcess.Run("predict", model, picture, "--top", "2", "--json");
        Assert.True(predict.ExitCode == 0, predict.Error);
        using JsonDocument result = JsonDocument.Parse(predict.Output);
        JsonElement classes = result.RootElement[0].GetProperty("classes");
        Assert.Equal(2, classes.GetArrayLength());
        Assert.InRange(classes[0].GetProperty("probability").GetDouble(), classes[1].GetProperty("probability").GetDouble(), 1);
    }

    [Fact]
    public void Published_weights_are_exported_by_the_name_of_their_network()
    {
        using var network = Espalier.Networks.ModelZoo.Create(new() { Name = "resnet18" }, [3, 32, 32], 6, 1);
        string weights = _folder.File("resnet18.safetensors");
        Espalier.Networks.Checkpoints.Checkpoint.Save(network, weights);
        CommandResult result = InProcess.Run("export", weights, "--arch", "resnet18", "--input-shape", "3x32x32", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using var classifier = Espalier.Onnx.Classification.OnnxClassifier.Open(_folder.File("resnet18.onnx"));
        network.eval();
        using Tensor x = torch.rand(2, 3, 32, 32);
        Assert.True(classifier.Scores(x).allclose(network.call(x), 1e-4, 1e-5));
        Assert.Equal(2, InProcess.Run("export", weights, "--out", _folder.File("other.onnx")).ExitCode);
    }

    [Theory]
    [InlineData("gradients", "detect", "model.onnx")]
    [InlineData("does not exist", "evaluate", "model.onnx")]
    [InlineData("does not exist", "predict", "model.onnx", "picture.png")]
    [InlineData("belongs to ONNX files", "evaluate", "last", "--data", "digits")]
    public void Mistakes_are_one_line(string problem, params string[] arguments)
    {
        CommandResult result = InProcess.Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(problem, Assert.Single(result.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }
}
