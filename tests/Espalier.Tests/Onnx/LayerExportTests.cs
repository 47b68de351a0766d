using Espalier.Errors;
using Espalier.Onnx.Conversions;
using Espalier.Onnx.Export;
using Espalier.Onnx.Graph;
using Espalier.Onnx.Sessions;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Tests.Onnx;

public sealed class LayerExportTests
{
    public static TheoryData<string> Names => [.. Layers.Keys];

    private static Dictionary<string, (Func<Module> Make, long[] Shape)> Layers { get; } = new()
    {
        ["Linear on vectors"] = (() => Linear(5, 3), [5]),
        ["Linear on tokens"] = (() => Linear(5, 3, hasBias: false), [4, 5]),
        ["Conv1d"] = (() => Conv1d(3, 4, 3, stride: 2, padding: 1), [3, 9]),
        ["Conv2d"] = (() => Conv2d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2), [4, 11, 9]),
        ["Conv2d same"] = (() => Conv2d(3, 4, 4, padding: Padding.Same), [3, 8, 8]),
        ["BatchNorm1d"] = (() => Statistics(BatchNorm1d(4)), [4]),
        ["BatchNorm2d"] = (() => Statistics(BatchNorm2d(3)), [3, 5, 5]),
        ["BatchNorm2d without affine"] = (() => Statistics(BatchNorm2d(3, affine: false)), [3, 5, 5]),
        ["GhostBatchNorm"] = (() => new Espalier.Training.Normalization.GhostBatchNorm(3), [3, 4]),
        ["LayerNorm"] = (() => LayerNorm([4, 6]), [3, 4, 6]),
        ["LayerNorm without affine"] = (() => LayerNorm(6, elementwise_affine: false), [3, 6]),
        ["GroupNorm"] = (() => Random(GroupNorm(2, 6)), [6, 5, 5]),
        ["InstanceNorm2d"] = (() => Random(InstanceNorm2d(3, affine: true)), [3, 6, 6]),
        ["GELU"] = (() => GELU(), [7]),
        ["GELU tanh"] = (() => GELU(TorchSharp.Modules.GELU.Approximate.tanh), [7]),
        ["ReLU"] = (() => ReLU(), [7]),
        ["ReLU6"] = (() => Sequential(("l", Linear(7, 7)), ("s", ReLU6())), [7]),
        ["LeakyReLU"] = (() => LeakyReLU(0.2), [7]),
        ["ELU"] = (() => ELU(0.7), [7]),
        ["CELU"] = (() => CELU(0.7), [7]),
        ["SELU"] = (() => SELU(), [7]),
        ["SiLU"] = (() => SiLU(), [7]),
        ["Mish"] = (() => Mish(), [7]),
        ["Hardswish"] = (() => Hardswish(), [7]),
        ["Hardsigmoid"] = (() => Hardsigmoid(), [7]),
        ["PReLU"] = (() => PReLU(3, 0.3), [3, 4, 4]),
        ["Sigmoid"] = (() => Sigmoid(), [7]),
        ["LogSigmoid"] = (() => LogSigmoid(), [7]),
        ["Tanh"] = (() => Tanh(), [7]),
        ["Softplus"] = (() => Softplus(2), [7]),
        ["Softsign"] = (() => Softsign(), [7]),
        ["Softmax"] = (() => Softmax(1), [5, 4]),
        ["LogSoftmax"] = (() => LogSoftmax(-1), [5, 4]),
        ["GLU"] = (() => GLU(1), [6, 4]),
        ["Dropout"] = (() => Dropout(0.5), [7]),
        ["MaxPool1d"] = (() => MaxPool1d(3, 2, 1), [2, 9]),
        ["MaxPool2d"] = (() => MaxPool2d(3, 2, 1), [2, 9, 9]),
        ["AvgPool2d"] = (() => AvgPool2d(3, 2, 1), [2, 9, 9]),
        ["AvgPool2d without padding in the mean"] = (() => AvgPool2d(3, 2, 1, count_include_pad: false), [2, 9, 9]),
        ["AdaptiveAvgPool2d to one"] = (() => AdaptiveAvgPool2d(1), [2, 7, 5]),
        ["AdaptiveAvgPool2d to a grid"] = (() => AdaptiveAvgPool2d([2, 3]), [2, 8, 9]),
        ["AdaptiveMaxPool2d"] = (() => AdaptiveMaxPool2d([1, 1]), [2, 7, 5]),
        ["Flatten"] = (() => Flatten(), [2, 3, 4]),
        ["Unflatten"] = (() => Unflatten(1, [2, 3]), [6, 5]),
        ["Upsample nearest"] = (() => Upsample(scale_factor: [2, 2]), [2, 4, 4]),
        ["Upsample bilinear"] = (() => Upsample(scale_factor: [2, 3], mode: torch.UpsampleMode.Bilinear, align_corners: false), [2, 4, 4]),
        ["Upsample bilinear aligned"] = (() => Upsample(size: [7, 9], mode: torch.UpsampleMode.Bilinear, align_corners: true), [2, 4, 4]),
        ["Upsample bicubic"] = (() => Upsample(scale_factor: [2, 2], mode: torch.UpsampleMode.Bicubic, align_corners: false), [2, 5, 5]),
        ["Identity"] = (() => Identity(), [3]),
        ["GRU"] = (() => GRU(4, 5, 2, batchFirst: true), [6, 4]),
        ["GRU in both directions"] = (() => GRU(4, 5, 2, batchFirst: true, bidirectional: true), [6, 4]),
        ["GRU without bias"] = (() => GRU(4, 5, bias: false, batchFirst: true), [6, 4]),
        ["LSTM"] = (() => LSTM(4, 5, 2, batchFirst: true, bidirectional: true), [6, 4]),
        ["MultiheadAttention"] = (() => MultiheadAttention(8, 4), [3, 8]),
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_layer_computes_in_onnx_runtime_what_it_computes_here(string name)
    {
        torch.random.manual_seed(1);
        (Func<Module> make, long[] shape) = Layers[name];
        using Module module = make();
        using var file = new OnnxFile();
        OnnxExportReport report = file.Export(module, new OnnxExportOptions { Tolerance = 2e-5 }, shape);
        Assert.True(File.Exists(file.Path));
        Assert.Empty(module.state_dict().Keys.Where(k => !k.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Except(report.Initializers));
    }

    [Fact]
    public void An_embedding_takes_token_numbers()
    {
        using var module = Sequential(("embed", Embedding(11, 4)), ("head", Linear(4, 2)));
        using var file = new OnnxFile();
        OnnxExportReport report = OnnxExporter.Export(module, file.Path, [new OnnxInput("ids", [6], torch.ScalarType.Int64, 0, 10)]);
        Assert.Equal(["embed.weight", "head.weight", "head.bias"], report.Initializers);
    }

    [Fact]
    public void A_conversion_that_is_wrong_is_caught_and_leaves_no_file()
    {
        // The two forms differ by up to 4e-4 here: little enough to be overlooked by eye.
        using var module = GELU();
        using var file = new OnnxFile();
        var wrong = new OnnxExportOptions { Conversions = OnnxConversions.Default.With<GELU>((g, _, x) => g.GeluTanh(x)) };
        OnnxExportException error = Assert.Throws<OnnxExportException>(() => file.Export(module, wrong, 256));
        Assert.Contains("differ", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(file.Folder));
    }

    [Fact]
    public void A_failed_export_leaves_an_earlier_file_as_it_was()
    {
        using var file = new OnnxFile();
        using var good = Linear(4, 2);
        file.Export(good, null, 4);
        byte[] before = File.ReadAllBytes(file.Path);
        using var bad = ConvTranspose2d(2, 2, 2);
        Assert.Throws<OnnxExportException>(() => file.Export(bad, null, 2, 4, 4));
        Assert.Equal(before, File.ReadAllBytes(file.Path));
        Assert.Single(Directory.GetFileSystemEntries(file.Folder));
    }

    [Fact]
    public void What_cannot_be_exported_is_refused_by_layer_type_and_reason()
    {
        using var module = Sequential(("stem", Conv2d(1, 2, 3)), ("up", Sequential(("t", Conv2d(2, 2, 3, padding: 1, padding_mode: PaddingModes.Reflect)))));
        using var file = new OnnxFile();
        OnnxExportException error = Assert.Throws<OnnxExportException>(() => file.Export(module, null, 1, 8, 8));
        Assert.Equal("up.t", error.Layer);
        Assert.Equal(typeof(Conv2d), error.ModuleType);
        Assert.Contains("Reflect", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(OnnxConversions), error.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void An_input_that_the_module_does_not_take_is_refused_before_anything_is_written()
    {
        using var module = Conv2d(3, 4, 3);
        using var file = new OnnxFile();
        Assert.Contains("forward fails on [1, 2, 8, 8]", Assert.Throws<OnnxExportException>(() => file.Export(module, null, 2, 8, 8)).Message, StringComparison.Ordinal);
        Assert.Equal("inputs", Assert.Throws<OptionsException>(() => OnnxExporter.Export(module, file.Path, [])).Option);
        Assert.Empty(Directory.GetFileSystemEntries(file.Folder));
    }

    [Fact]
    public void Each_layer_keeps_its_own_mode()
    {
        using var norm = BatchNorm1d(3);
        using var module = Sequential(("norm", norm), ("drop", Dropout()));
        module.train();
        norm.eval();
        using var file = new OnnxFile();
        file.Export(module, null, 3);
        Assert.True(module.training);
        Assert.False(norm.training);
    }

    [Fact]
    public void Weights_beyond_the_threshold_lie_beside_the_file()
    {
        torch.random.manual_seed(1);
        using var module = Sequential(("fc1", Linear(64, 64)), ("fc2", Linear(64, 64)));
        using var file = new OnnxFile();
        OnnxExportReport inside = file.Export(module, null, 64);
        Assert.False(inside.ExternalData);
        OnnxExportReport report = file.Export(module, new OnnxExportOptions { ExternalDataThreshold = 1024 }, 64);
        Assert.True(report.ExternalData);
        Assert.True(new FileInfo(file.Path).Length < 2048);
        string data = Path.Combine(file.Folder, report.DataFile!);
        Assert.True(new FileInfo(data).Length >= 2 * 64 * 64 * 4);

        // Other weights have a file of another name: until the model itself is replaced, the older one has its own.
        byte[] olderModel = File.ReadAllBytes(file.Path), olderData = File.ReadAllBytes(data);
        using (torch.no_grad())
            module.parameters().First().add_(1);
        OnnxExportReport newer = file.Export(module, new OnnxExportOptions { ExternalDataThreshold = 1024 }, 64);
        Assert.NotEqual(report.DataFile, newer.DataFile);
        Assert.False(File.Exists(data));
        File.WriteAllBytes(data, olderData);
        File.WriteAllBytes(file.Path, olderModel);
        using (var session = new OnnxSession(file.Path))
        using (Tensor ones = torch.ones(1, 64))
            session.Run([("input", ones)])[0].Dispose();

        // The next export removes what a kill left.
        file.Export(module, new OnnxExportOptions { ExternalDataThreshold = 1024 }, 64);
        Assert.Equal(2, Directory.GetFiles(file.Folder).Length);

        // A later export that needs no such file leaves none.
        file.Export(module, null, 64);
        Assert.Equal([file.Path], Directory.GetFileSystemEntries(file.Folder));
    }

    [Fact]
    public void Double_precision_is_refused_with_the_cure()
    {
        using var module = Linear(3, 2, dtype: torch.float64);
        using var file = new OnnxFile();
        OnnxExportException error = Assert.Throws<OnnxExportException>(() => OnnxExporter.Export(module, file.Path, torch.zeros(1, 3, dtype: torch.float64)));
        Assert.Contains("float32", error.Remedy, StringComparison.Ordinal);
    }

    private static Module Random(Module module)
    {
        RandomWeights.Fill(module);
        return module;
    }

    private static NormBase Statistics(NormBase norm)
    {
        using var noGradients = torch.no_grad();
        norm.running_mean!.normal_();
        norm.running_var!.uniform_(0.5, 2);
        if (norm.affine)
        {
            norm.weight!.normal_();
            norm.bias!.normal_();
        }

        return norm;
    }
}
