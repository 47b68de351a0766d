using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Networks.Mlp;
using Espalier.Training.Objectives;

namespace Espalier.Reproductions;

/// <summary>
/// The small supervised task that scaling is measured on: the first 20,480 training images of MNIST in the order of the file,
/// 14x14 by box means, standardized, and all test images; a perceptron 196-64-10.
/// </summary>
internal sealed class ShrunkMnist : IDisposable
{
    public const int Samples = 20_480;

    private readonly LoadedData _data;
    private readonly DatasetSplits _splits;

    private ShrunkMnist(LoadedData data, torch.Device device) => (_data, _splits) = (data, data.Splits.To(device));

    public Dataset Train => _splits.Train;

    public Dataset Test => _splits.Test;

    /// <exception cref="DataException">The files are not here.</exception>
    public static ShrunkMnist Load(torch.Device device) =>
        new(DataCatalog.Default.Load(new() { Name = "mnist", Shrink = 2, TrainFirst = Samples, ValidationFraction = 0.01, Standardize = true }), device);

    /// <summary>Makes the perceptron, the same one at every call.</summary>
    public Func<OwnedObjective<LabelledBatch>> Perceptron(int seed) => () =>
    {
        var model = new MlpClassifier(new MlpOptions { Inputs = 196, HiddenSizes = [64], Classes = 10 }, seed);
        model.to(Train.Device);
        return new OwnedObjective<LabelledBatch>(new ClassificationObjective(model), model);
    };

    public void Dispose()
    {
        _splits.Dispose();
        _data.Dispose();
    }
}
