using Espalier.Errors;
using Espalier.Models;
using Espalier.Onnx.Classification;
using Espalier.Onnx.Conversions;
using Espalier.Onnx.Export;
using Espalier.Onnx.Graph;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Tests.Onnx;

public sealed class OnnxClassifierTests : IDisposable
{
    private readonly OnnxFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void It_gives_what_the_module_gives_in_any_number_of_inputs()
    {
        torch.random.manual_seed(2);
        using var module = Sequential(("flat", Flatten()), ("fc", Linear(12, 4)));
        _file.Export(module, null, 3, 2, 2);
        using var classifier = OnnxClassifier.Open(_file.Path, new() { BatchSize = 3 });
        Assert.Equal([3L, 2L, 2L], classifier.InputShape);
        Assert.Equal(4, classifier.ClassCount);
        Assert.Null(classifier.FixedBatchSize);
        Assert.Equal(OnnxOutputKind.Logits, classifier.OutputKind);
        using Tensor x = torch.rand(7, 3, 2, 2);
        using Tensor expected = module.call(x).softmax(1);
        Assert.True(classifier.Probabilities(x).allclose(expected, 1e-5, 1e-6));
        Assert.True(classifier.Predict(x).equal(expected.argmax(1)).all().item<bool>());
        Assert.Equal([0L, 4L], classifier.Probabilities(x.narrow(0, 0, 0)).shape);
    }

    [Fact]
    public void Probabilities_are_told_from_logits()
    {
        using var module = Sequential(("fc", Linear(5, 3)), ("softmax", Softmax(1)));
        _file.Export(module, null, 5);
        using var classifier = OnnxClassifier.Open(_file.Path);
        Assert.Equal(OnnxOutputKind.Probabilities, classifier.OutputKind);
        using Tensor x = torch.rand(4, 5);
        Assert.True(classifier.Probabilities(x).allclose(module.call(x), 1e-5, 1e-6));
    }

    [Fact]
    public void Layout_colours_and_scaling_become_those_of_the_model()
    {
        // A model in the manner of TensorFlow: channels last, BGR, 0..255 less a mean for each channel.
        torch.random.manual_seed(4);
        using var module = Sequential(("flat", Flatten()), ("fc", Linear(18, 2)));
        _file.Export(module, null, 3, 2, 3);
        double[] mean = [100, 110, 120], std = [50, 60, 70];
        var options = new OnnxClassifierOptions { InputShape = [3, 3, 2], Layout = TensorLayout.ChannelsLast, ChannelOrder = ChannelOrder.Bgr, Scale = 255, Mean = mean, Std = std };
        using var classifier = OnnxClassifier.Open(_file.Path, options);
        using Tensor x = torch.rand(2, 3, 3, 2);

        // By hand: the model's input [h, w, c] has c = 0 for blue.
        using Tensor fed = torch.zeros(2, 3, 2, 3);
        for (int c = 0; c < 3; c++)
            fed.select(3, c).copy_((x.select(1, 2 - c) * 255 - mean[c]) / std[c]);
        Assert.True(classifier.Scores(x).allclose(module.call(fed), 1e-4, 1e-5));
    }

    [Fact]
    public void Bytes_and_doubles_are_fed_as_the_model_wants_them()
    {
        foreach (torch.ScalarType type in (torch.ScalarType[])[torch.uint8, torch.float64])
        {
            using var module = new Cast(type);
            OnnxExporter.Export(module, _file.Path, [new OnnxInput("pixels", [4], type, 0, 200)], new() { Conversions = OnnxConversions.Default.With<Cast>((g, m, x) => g.Call("fc", g.Cast(x, torch.float32))) });
            using var classifier = OnnxClassifier.Open(_file.Path, new() { Mean = [0] });
            using Tensor x = torch.tensor(new float[,] { { 0, 0.2f, 0.6f, 1 } });
            using Tensor fed = (type == torch.uint8 ? x * 255 : x).to(type);
            Assert.True(classifier.Scores(x).allclose(module.call(fed), 1e-5, 1e-5), type.ToString());
        }
    }

    [Fact]
    public void A_fixed_batch_size_is_filled_up_and_cut_again()
    {
        using var module = Linear(3, 2);
        _file.Export(module, null, 3);
        FixBatch(4);
        using var classifier = OnnxClassifier.Open(_file.Path);
        Assert.Equal(4, classifier.FixedBatchSize);
        using Tensor x = torch.rand(10, 3);
        Assert.True(classifier.Scores(x).allclose(module.call(x), 1e-5, 1e-6));
    }

    [Fact]
    public void The_sidecar_says_how_a_model_is_fed()
    {
        using var module = Linear(3, 2);
        _file.Export(module, null, 3);
        new OnnxClassifierOptions { Labels = ["cat", "dog"], Lower = -1, Scale = 2 }.WriteFor(_file.Path);
        using (var classifier = OnnxClassifier.Open(_file.Path))
        {
            Assert.Equal(["cat", "dog"], classifier.Labels);
            Assert.Equal(InputBounds.Uniform(-1, 1), classifier.Bounds);
            using Tensor x = torch.rand(2, 3);
            Assert.True(classifier.Scores(x).allclose(module.call(x * 2), 1e-5, 1e-6));
        }

        File.WriteAllText(OnnxClassifierOptions.PathFor(_file.Path), """{ "label": ["cat", "dog"] }""");
        Assert.Contains("label", Assert.Throws<DataException>(() => OnnxClassifier.Open(_file.Path)).Message, StringComparison.Ordinal);
        File.WriteAllText(OnnxClassifierOptions.PathFor(_file.Path), """{ "labels": ["cat"] }""");
        Assert.Equal("labels", Assert.Throws<OptionsException>(() => OnnxClassifier.Open(_file.Path)).Option);
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_the_cure()
    {
        Assert.Contains("does not exist", Assert.Throws<CheckpointException>(() => OnnxClassifier.Open(_file.Path)).Message, StringComparison.Ordinal);
        File.WriteAllBytes(_file.Path, [8, 1, 2, 3, 4]);
        Assert.Contains("ONNX Runtime", Assert.Throws<CheckpointException>(() => OnnxClassifier.Open(_file.Path)).Message, StringComparison.Ordinal);

        using var module = Sequential(("conv", Conv2d(3, 4, 1)), ("pool", AdaptiveAvgPool2d(1)), ("flat", Flatten()));
        _file.Export(module, null, 3, 5, 5);
        Assert.Equal("inputShape", Assert.Throws<OptionsException>(() => OnnxClassifier.Open(_file.Path, new() { InputShape = [3, 6, 5] })).Option);
        Assert.Equal("inputShape", Assert.Throws<OptionsException>(() => OnnxClassifier.Open(_file.Path, new() { Layout = TensorLayout.ChannelsLast, InputShape = [3, 5, 5] })).Option);
        Assert.Equal("mean", Assert.Throws<OptionsException>(() => OnnxClassifier.Open(_file.Path, new() { Mean = [1, 2] })).Option);
        Assert.Contains("logits", Assert.Throws<NotFoundException>(() => OnnxClassifier.Open(_file.Path, new() { Output = "logit" })).Message, StringComparison.Ordinal);
        using var classifier = OnnxClassifier.Open(_file.Path);
        Assert.Contains("[batch, 3, 5, 5]", Assert.Throws<ShapeException>(() => classifier.Predict(torch.rand(1, 3, 5, 4))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_inputs_are_refused_by_name()
    {
        using var module = new Two();
        OnnxExporter.Export(module, _file.Path, [new OnnxInput("left", [3]), new OnnxInput("right", [3])]);
        string message = Assert.Throws<CheckpointException>(() => OnnxClassifier.Open(_file.Path)).Message;
        Assert.Contains("left, right", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_picture_is_read_as_the_model_sees_it()
    {
        using var module = Sequential(("flat", Flatten()), ("fc", Linear(3 * 4 * 4, 2)));
        _file.Export(module, null, 3, 4, 4);
        string picture = Path.Combine(_file.Folder, "red.png");
        using (var bitmap = new SkiaSharp.SKBitmap(12, 6))
        {
            // Red with a blue middle third: what a centre crop keeps is the middle.
            for (int x = 0; x < 12; x++)
            {
                for (int y = 0; y < 6; y++)
                    bitmap.SetPixel(x, y, x is >= 3 and < 9 ? SkiaSharp.SKColors.Blue : SkiaSharp.SKColors.Red);
            }

            using var stream = File.Create(picture);
            bitmap.Encode(stream, SkiaSharp.SKEncodedImageFormat.Png, 100);
        }

        using var cropped = OnnxClassifier.Open(_file.Path, new() { CropRatio = 1 });
        using Tensor middle = cropped.ReadImage(picture);
        Assert.Equal([1L, 3L, 4L, 4L], middle.shape);

        // Where red meets blue, the scaled pixels hold both.
        using Tensor inner = middle.narrow(3, 1, 2);
        Assert.True(inner[0, 2].gt(0.9).all().item<bool>());
        Assert.True(inner[0, 0].lt(0.1).all().item<bool>());
        using var stretched = OnnxClassifier.Open(_file.Path, new());
        using Tensor whole = stretched.ReadImage(picture);
        Assert.True(whole[0, 0, 0, 0].ToSingle() > 2 * whole[0, 2, 0, 0].ToSingle(), "its left edge is not red");
        Assert.Throws<DataException>(() => cropped.ReadImage(_file.Path));
    }

    private void FixBatch(long size)
    {
        global::Onnx.ModelProto model;
        using (FileStream stream = File.OpenRead(_file.Path))
            model = global::Onnx.ModelProto.Parser.ParseFrom(stream);
        foreach (global::Onnx.ValueInfoProto value in model.Graph.Input.Concat(model.Graph.Output))
            value.Type.TensorType.Shape.Dim[0] = new() { DimValue = size };
        using var coded = new Google.Protobuf.CodedOutputStream(File.Create(_file.Path));
        model.WriteTo(coded);
    }

    private sealed class Cast : Module<Tensor, Tensor>
    {
        private readonly Linear fc = Linear(4, 2);
        private readonly torch.ScalarType _type;

        public Cast(torch.ScalarType type) : base(nameof(Cast))
        {
            _type = type;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input.dtype == _type ? fc.call(input.to(torch.float32)) : throw new InvalidOperationException();
    }

    private sealed class Two : Module<Tensor, Tensor, Tensor>
    {
        private readonly Linear fc = Linear(3, 2);

        public Two() : base(nameof(Two)) => RegisterComponents();

        public override Tensor forward(Tensor left, Tensor right) => fc.call(left) + fc.call(right);
    }
}
