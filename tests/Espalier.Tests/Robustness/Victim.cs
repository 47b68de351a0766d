using Espalier.Data;
using Espalier.Models;
using Espalier.Networks;

namespace Espalier.Tests.Robustness;

/// <summary>The published and the home-made MNIST networks of the shared data, with the first test images.</summary>
internal sealed class Victim : IDisposable
{
    private readonly torch.nn.Module<Tensor, Tensor> _module;

    private Victim(torch.nn.Module<Tensor, Tensor> module, Tensor inputs, Tensor labels)
    {
        (_module, Inputs, Labels) = (module, inputs, labels);
        Classifier = new TorchClassifier(module, [1, 28, 28], 10);
    }

    public TorchClassifier Classifier { get; }

    public Tensor Inputs { get; }

    public Tensor Labels { get; }

    /// <summary>Opens one; the test is skipped where the data is absent.</summary>
    public static Victim Open(string name, int count)
    {
        string? folder = Environment.GetEnvironmentVariable("ESPALIER_DATA");
        string file = Path.Combine(folder ?? "", "victims-mnist", name + ".safetensors");
        Assert.SkipUnless(folder is not null && File.Exists(file), "set ESPALIER_DATA to a folder with victims-mnist and mnist");
        bool isTrades = name == "trades_smallcnn";
        var module = ModelZoo.Create(new ModelOptions { Name = isTrades ? name : "tiny_cnn" }, [1, 28, 28], 10, 0);
        Checkpoint.Load(file, module, isTrades ? CheckpointLayout.TradesSmallCnn : CheckpointLayout.Native);
        using LoadedData data = DataCatalog.Default.Load(new DataOptions { Name = "mnist" });
        Batch batch = data.Splits.Test.Gather([.. Enumerable.Range(0, count)]);
        return new Victim(module, batch.Inputs.clone().DetachFromDisposeScope(), batch.Labels.clone().DetachFromDisposeScope());
    }

    public void Dispose()
    {
        Classifier.Dispose();
        _module.Dispose();
        Inputs.Dispose();
        Labels.Dispose();
    }
}
