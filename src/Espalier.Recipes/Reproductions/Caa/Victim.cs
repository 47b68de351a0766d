using Espalier.Data;
using Espalier.Models;
using Espalier.Networks;

using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Reproductions;

/// <summary>
/// A network for MNIST with known weights: TRADES' published SmallCNN, one trained plainly, one trained adversarially; with
/// the test images in the order of the file, so that numbers compare.
/// </summary>
internal sealed class Victim : IDisposable
{
    private const string Folder = "victims-mnist";

    private readonly Module _module;
    private readonly LoadedData _data;

    private Victim(Module module, LoadedData data, torch.Device device)
    {
        (_module, _data) = (module, data);
        module.to(device);
        Splits = data.Splits.To(device);
        Classifier = new TorchClassifier(module, Splits.Test.InputShape, Splits.Test.ClassCount);
    }

    /// <summary>The network.</summary>
    public TorchClassifier Classifier { get; }

    /// <summary>MNIST.</summary>
    public DatasetSplits Splits { get; }

    /// <summary>Opens one.</summary>
    /// <param name="name"><c>trades_smallcnn</c>, <c>tiny_std</c> or <c>tiny_at</c>.</param>
    /// <param name="device">Where it shall live.</param>
    /// <exception cref="DataException">The files are not here.</exception>
    public static Victim Open(string name, torch.Device device)
    {
        string root = DataFolders.FromEnvironment().Local ?? throw Missing();
        string file = Path.Combine(root, Folder, name + ".safetensors");
        if (!File.Exists(file))
            throw Missing();
        bool isTrades = name == "trades_smallcnn";
        LoadedData data = DataCatalog.Default.Load(new DataOptions { Name = "mnist" });
        Module module = ModelZoo.Create(new ModelOptions { Name = isTrades ? name : "tiny_cnn" }, data.Splits.Test.InputShape, data.Splits.Test.ClassCount, 0);
        Checkpoint.Load(file, module, isTrades ? CheckpointLayout.TradesSmallCnn : CheckpointLayout.Native);
        return new Victim(module, data, device);
    }

    /// <summary>The first test images.</summary>
    public Batch First(int count) => Splits.Test.Gather([.. Enumerable.Range(0, count)]);

    public void Dispose()
    {
        Classifier.Dispose();
        _module.Dispose();
        _data.Dispose();
    }

    private static DataException Missing() => new(Folder, "is not here", "set ESPALIER_DATA to a folder that holds it and mnist");
}
