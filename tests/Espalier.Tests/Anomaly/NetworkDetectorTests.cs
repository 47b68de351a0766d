using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Persistence;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Onnx.Classification;
using Espalier.Onnx.Export;
using Espalier.Tests.Data;
using TorchSharp.Modules;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Tests.Anomaly;

public sealed class NetworkDetectorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Module _module = ModelZoo.Create(new ModelOptions { Name = "cnn", Cnn = new() { Convolutions = [new() { Channels = 4, Pool = 2 }], HiddenSizes = [7, 5] } }, [1, 8, 8], 3, seed: 1);
    private readonly TorchClassifier _classifier;

    public NetworkDetectorTests() => _classifier = new TorchClassifier(_module, [1, 8, 8], 3);

    public void Dispose()
    {
        _folder.Dispose();
        _classifier.Dispose();
        _module.Dispose();
    }

    private static Tensor Images(int count, int seed)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.rand([count, 1, 8, 8], generator: generator);
    }

    private sealed class WithoutHooks : torch.nn.Module<Tensor, Tensor>
    {
        private readonly Linear _first = torch.nn.Linear(4, 6);
        private readonly Linear _last = torch.nn.Linear(6, 3);
        private readonly bool _calls;
        private readonly double _scale;

        public WithoutHooks(bool calls, double scale) : base(nameof(WithoutHooks))
        {
            (_calls, _scale) = (calls, scale);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            Tensor x = _first.call(input).relu();
            return (_calls ? _last.call(x) : _last.forward(x)) * _scale;
        }
    }

    [Fact]
    public void Features_are_what_the_last_layer_sees()
    {
        using var scope = torch.NewDisposeScope();
        using FeatureClassifier features = FeatureClassifier.Of(_classifier);
        Tensor images = Images(6, 1);
        (Tensor z, Tensor logits) = features.FeaturesAndLogits(images);
        Assert.Equal("fc3", features.Layer);
        Assert.Equal([6L, 5], z.shape);
        Assert.Equal(_classifier.Logits(images).data<float>().ToArray(), logits.data<float>().ToArray());
        Assert.InRange((features.Head!.Logits(z.to(torch.float64)) - logits).abs().max().ToDouble(), 0, 1e-5);

        // In several batches the same, and the module forgets the hook afterwards.
        using NetworkOutputs whole = NetworkOutputs.Of(features, images);
        using NetworkOutputs parts = NetworkOutputs.Of(features, images, batchSize: 4);
        Assert.InRange((whole.Features! - parts.Features!).abs().max().ToDouble(), 0, 1e-6);
    }

    [Fact]
    public void Any_layer_gives_features()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(4, 2);
        using FeatureClassifier hidden = FeatureClassifier.Of(_classifier, "fc1");
        using FeatureClassifier maps = FeatureClassifier.Of(_classifier, "conv1");
        Assert.Null(hidden.Head);
        Assert.Equal([4L, 7], hidden.FeaturesAndLogits(images).Features.shape);

        // A map of vectors becomes its mean over the pixels.
        Tensor mean = ((Module)_module.named_modules().Single(m => m.name == "conv1").module).call(images).mean([2, 3]);
        Assert.InRange((maps.FeaturesAndLogits(images).Features - mean).abs().max().ToDouble(), 0, 1e-6);
        Assert.Contains("'fc1'", Assert.Throws<NotFoundException>(() => FeatureClassifier.Of(_classifier, "fc11")).Message, StringComparison.Ordinal);
        using Detector knn = Detector.Create("knn:k=2", hidden);
        knn.Fit(images);
        Assert.Equal([4L], knn.Score(images).shape);
        Assert.Contains("last linear layer", Assert.Throws<OptionsException>(() => Detector.Create("vim", hidden)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Modules_that_hide_their_features_are_told_so()
    {
        using var scope = torch.NewDisposeScope();
        Tensor rows = torch.rand(3, 4);
        using var silent = new WithoutHooks(calls: false, 1);
        using var one = new TorchClassifier(silent, [4], 3);
        using FeatureClassifier unheard = FeatureClassifier.Of(one);
        Assert.Contains("call", Assert.Throws<ModelOutputException>(() => unheard.FeaturesAndLogits(rows)).Message, StringComparison.Ordinal);
        using var scaled = new WithoutHooks(calls: true, 3);
        using var two = new TorchClassifier(scaled, [4], 3);
        using FeatureClassifier wrong = FeatureClassifier.Of(two);
        Assert.Contains("between", Assert.Throws<ModelOutputException>(() => wrong.FeaturesAndLogits(rows)).Message, StringComparison.Ordinal);
        using var right = new WithoutHooks(calls: true, 1);
        using var three = new TorchClassifier(right, [4], 3);
        using FeatureClassifier good = FeatureClassifier.Of(three);
        Assert.Equal([3L, 6], good.FeaturesAndLogits(rows).Features.shape);
        using var relu = torch.nn.Sequential(("flatten", torch.nn.Flatten()), ("relu", torch.nn.ReLU()));
        using var headless = new TorchClassifier(relu, [3], 3);
        Assert.False(FeatureClassifier.HasHead(headless));
        Assert.Throws<NotFoundException>(() => FeatureClassifier.Of(headless));
    }

    [Fact]
    public void Odin_takes_the_step_that_its_paper_says_and_leaves_the_weights_alone()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = Images(5, 3);
        using Detector odin = Detector.Create("odin:T=10,eps=0.02", _classifier);
        double[] scores = odin.Score(images).data<double>().ToArray();

        // The gradient by differences: only its sign counts.
        for (int i = 0; i < 2; i++)
        {
            Tensor image = images[i].unsqueeze(0);
            long predicted = _classifier.Predict(image).item<long>();
            Tensor changed = image.clone();
            for (int p = 0; p < 64; p++)
            {
                double Loss(double step)
                {
                    using var inner = torch.NewDisposeScope();
                    Tensor moved = image.clone();
                    moved.view(64)[p] += step;
                    return -(_classifier.Logits(moved).to(torch.float64) / 10).log_softmax(1)[0, predicted].ToDouble();
                }

                double slope = Loss(1e-2) - Loss(-1e-2);
                if (Math.Abs(slope) > 1e-6)
                    changed.view(64)[p] -= 0.02 * Math.Sign(slope);
            }

            Assert.Equal(-(_classifier.Logits(changed).to(torch.float64) / 10).softmax(1).max().ToDouble(), scores[i], 2e-5);
        }

        Assert.All(_module.parameters(), p => Assert.Null(p.grad));
        using Detector still = Detector.Create("odin:T=10,eps=0", _classifier);
        using Detector msp = Detector.Create("msp:T=10", _classifier);
        Assert.Equal(msp.Score(images).data<double>().ToArray(), still.Score(images).data<double>().ToArray());
        using Detector small = new(new Odin(10, 0.02), _classifier) { BatchSize = 2 };
        Assert.All(scores.Zip(small.Score(images).data<double>().ToArray()), p => Assert.Equal(p.First, p.Second, 1e-6));
    }

    [Fact]
    public void A_detector_comes_back_from_its_file_bit_for_bit()
    {
        using var scope = torch.NewDisposeScope();
        using FeatureClassifier features = FeatureClassifier.Of(_classifier);
        Tensor labels = torch.arange(90).remainder(3);
        foreach (string text in new[] { "knn:k=4", "mds", "energy", "ensemble:msp+vim:dim=2" })
        {
            using Detector detector = Detector.Create(text, features);
            detector.Fit(Images(90, 4), labels);
            detector.Calibrate(Images(30, 5));
            (Tensor z, _) = features.FeaturesAndLogits(Images(4, 4));
            detector.Examples = new ExampleBank(z, ["a", "b", "c", "d"]);
            string path = _folder.File("detector.zip");
            detector.Save(path);
            using Detector back = Detector.Load(path, features);
            Assert.Equal(detector.Score(Images(20, 6)).data<double>().ToArray(), back.Score(Images(20, 6)).data<double>().ToArray());
            Assert.Equal(detector.Calibration, back.Calibration);
            Assert.Equal(back.Calibration.Order(), back.Calibration);
            Assert.Equal("c", back.Examples!.Nearest(z)[2][0].Id);
            Assert.Equal(0, back.Examples.Nearest(z)[2][0].Distance, 1e-6);
            byte[] once = File.ReadAllBytes(path);
            detector.Save(path);
            Assert.Equal(once, File.ReadAllBytes(path));
        }

        Assert.Equal("fc3", Detector.LayerOf(_folder.File("detector.zip")));
    }

    [Fact]
    public void A_file_for_another_model_is_refused()
    {
        using var scope = torch.NewDisposeScope();
        using FeatureClassifier features = FeatureClassifier.Of(_classifier);
        string path = _folder.File("detector.zip");
        using (Detector detector = Detector.Create("knn:k=2", features))
        {
            Assert.Throws<OptionsException>(() => detector.Save(path));
            detector.Fit(Images(9, 7));
            detector.Save(path);
        }

        using Module other = ModelZoo.Create(new ModelOptions { Name = "cnn", Cnn = new() { Convolutions = [new() { Channels = 4, Pool = 2 }], HiddenSizes = [7, 5] } }, [1, 8, 8], 3, seed: 2);
        using var classifier = new TorchClassifier(other, [1, 8, 8], 3);
        using FeatureClassifier foreign = FeatureClassifier.Of(classifier);
        Assert.Contains("was fitted on the model", Assert.Throws<CheckpointException>(() => Detector.Load(path, foreign)).Message, StringComparison.Ordinal);
        using FeatureClassifier hidden = FeatureClassifier.Of(_classifier, "fc1");
        Assert.Contains("'fc3'", Assert.Throws<CheckpointException>(() => Detector.Load(path, hidden)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_onnx_file_is_scored_by_rules_of_logits_as_its_module_is()
    {
        using var scope = torch.NewDisposeScope();
        string path = _folder.File("model.onnx");
        OnnxExporter.Export(_module, path, [new OnnxInput("input", [1, 8, 8], Lower: 0, Upper: 1)]);
        using OnnxClassifier onnx = OnnxClassifier.Open(path, new OnnxClassifierOptions { InputShape = [1, 8, 8], OutputKind = OnnxOutputKind.Logits });
        Tensor images = Images(12, 8);
        foreach (string name in new[] { "msp", "energy", "max-logit", "entropy", "uniform-ce", "gen" })
        {
            using Detector own = Detector.Create(name, _classifier);
            using Detector foreign = Detector.Create(name, onnx);
            Assert.All(own.Score(images).data<double>().ToArray().Zip(foreign.Score(images).data<double>().ToArray()), p => Assert.Equal(p.First, p.Second, 1e-4));
        }

        using Detector kept = Detector.Create("klm", onnx);
        kept.Fit(Images(50, 9));
        kept.Save(_folder.File("onnx.zip"));
        using Detector back = Detector.Load(_folder.File("onnx.zip"), onnx);
        Assert.Equal(kept.Score(images).data<double>().ToArray(), back.Score(images).data<double>().ToArray());
        Assert.Throws<CheckpointException>(() => Detector.Load(_folder.File("onnx.zip"), _classifier));
        using OnnxClassifier soft = OnnxClassifier.Open(path, new OnnxClassifierOptions { InputShape = [1, 8, 8], OutputKind = OnnxOutputKind.Probabilities });
        Assert.False(soft.HasLogits);
        Assert.Throws<OptionsException>(() => Detector.Create("energy", soft));
        Assert.Throws<OptionsException>(() => Detector.Create("knn", onnx));
    }
}
