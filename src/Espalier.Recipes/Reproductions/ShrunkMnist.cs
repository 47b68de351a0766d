using Espalier.Data;
using Espalier.Networks;
using Espalier.Training;

namespace Espalier.Recipes.Reproductions;

/// <summary>
/// The small supervised task that scaling is measured on: the first 20,480 training images of MNIST in the order of the file,
/// 14x14 by box means, standardized, and all test images; a perceptron 196-64-10.
/// </summary>
internal sealed class ShrunkMnist : IDisposable
{
    public const int Samples = 20_480;

    private ShrunkMnist(Dataset train, Dataset test) => (Train, Test) = (train, test);

    public Dataset Train { get; }

    public Dataset Test { get; }

    /// <exception cref="DataException">The files are not here.</exception>
    public static ShrunkMnist Load(torch.Device device)
    {
        (Dataset pool, Dataset? test) = DataCatalog.Default.LoadUncut(new DataOptions { Name = "mnist", Shrink = 2 });
        using (pool)
        using (test)
        using (Dataset first = pool.Subset([.. Enumerable.Range(0, Samples)]))
        {
            var scaling = Data.Standardization.Fit(first);
            return new ShrunkMnist(On(scaling.Apply(first), device), On(scaling.Apply(test!), device));
        }
    }

    /// <summary>Makes the perceptron, the same one at every call.</summary>
    public Func<OwnedObjective> Perceptron(int seed) => () =>
    {
        var model = new MlpClassifier(new MlpOptions { Inputs = 196, HiddenSizes = [64], Classes = 10 }, seed);
        model.to(Train.Device);
        return new OwnedObjective(new ClassificationObjective(model), model);
    };

    public void Dispose()
    {
        Train.Dispose();
        Test.Dispose();
    }

    private static Dataset On(Dataset data, torch.Device device)
    {
        Dataset moved = data.To(device);
        if (!ReferenceEquals(moved, data))
            data.Dispose();
        return moved;
    }
}
