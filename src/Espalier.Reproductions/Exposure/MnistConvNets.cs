using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Reproductions.Exposure;

/// <summary>
/// The published networks for MNIST, trained plainly and fine-tuned with outlier exposure on photographs, with the data that
/// they are judged on: all test images, the first 12,000 training images, and 2,000 of each kind of outliers.
/// </summary>
internal sealed class MnistConvNets : IDisposable
{
    public const int FitSamples = 12_000;
    public const int OutlierCount = 2_000;

    private const string Folder = "oe-mnist-convnet";

    private readonly LoadedData _data;
    private readonly DatasetSplits _splits;
    private readonly Dictionary<string, (Module Module, TorchClassifier Classifier, FeatureClassifier Features)> _networks = [];

    private MnistConvNets(LoadedData data, torch.Device device) => (_data, _splits) = (data, data.Splits.To(device));

    /// <summary>Plain training, and fine-tuning with outlier exposure.</summary>
    public static IReadOnlyList<string> Names { get; } = ["baseline", "oe_tune"];

    /// <summary>The outliers of the specification's tables; those of files the first 2,000.</summary>
    public static IReadOnlyList<string> Sets { get; } = ["gaussian", "rademacher", "blobs", "textures", "fashion-mnist", "notmnist", "omniglot", "negative"];

    /// <summary>The first 12,000 training images.</summary>
    public Dataset Train => _splits.Train;

    /// <summary>A tenth of the other training images: detectors were not fitted on them, though the networks were trained on them.</summary>
    public Dataset HeldOut => _splits.Validation;

    /// <summary>All test images.</summary>
    public Dataset Test => _splits.Test;

    /// <exception cref="DataException">The files are not here.</exception>
    public static MnistConvNets Load(torch.Device device)
    {
        var loaded = new MnistConvNets(DataCatalog.Default.Load(new() { Name = "mnist", TrainFirst = FitSamples, ValidationFraction = 0.1 }), device);
        foreach (string name in Names)
        {
            string file = Path.Combine(DataFolders.FromEnvironment().Local ?? "", Folder, name + ".npz");
            if (!File.Exists(file))
                throw new DataException(Folder, "is not here", $"set {DataFolders.LocalVariable} to a folder that holds it and mnist");
            Module module = ModelZoo.Create(new ModelOptions { Name = "oe_mnist_convnet" }, loaded.Test.InputShape, loaded.Test.ClassCount, 0);
            Checkpoint.Load(file, module, CheckpointLayout.Underscores);
            module.to(device);
            var classifier = new TorchClassifier(module, loaded.Test.InputShape, loaded.Test.ClassCount);
            loaded._networks[name] = (module, classifier, FeatureClassifier.Of(classifier));
        }

        return loaded;
    }

    /// <summary>One of the networks.</summary>
    public FeatureClassifier Network(string name) => _networks[name].Features;

    /// <summary>Outliers, [2000, 1, 28, 28], on the networks' device; the caller's.</summary>
    public Tensor Load(string set) => Outliers(set, Test, OutlierCount);

    /// <summary>Outliers for a network of digits, on the device of its test images; the caller's.</summary>
    /// <param name="set">Which.</param>
    /// <param name="test">The test images.</param>
    /// <param name="count">How many.</param>
    public static Tensor Outliers(string set, Dataset test, int count)
    {
        // The reference takes the first images of each file: negatives of the first test images, and Omniglot's first file,
        // which these networks were not exposed to.
        if (set == "negative")
        {
            using LabelledBatch first = test.First(count);
            return 1 - first.Inputs;
        }

        OutlierSource source = set == "omniglot" ? OutlierSource.OpenForTraining(set) : OutlierSource.Open(set);
        return source.Load(new OutlierRequest { Shape = test.InputShape, Count = count, Seed = 1 }).to(test.Device);
    }

    public void Dispose()
    {
        foreach ((Module module, TorchClassifier classifier, FeatureClassifier features) in _networks.Values)
        {
            features.Dispose();
            classifier.Dispose();
            module.Dispose();
        }

        _splits.Dispose();
        _data.Dispose();
    }
}
