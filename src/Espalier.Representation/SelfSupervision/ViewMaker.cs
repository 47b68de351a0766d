using Espalier.Data;
using Espalier.Data.Augmentation;

namespace Espalier.Representation.SelfSupervision;

/// <summary>Adds random views to a batch; one augmenter a view.</summary>
internal sealed class ViewMaker
{
    private readonly ImageAugmenter[] _augmenters;

    public ViewMaker(IEnumerable<AugmentationOptions> views, int seed, Models.InputBounds bounds) =>
        _augmenters = [.. views.Select(v => new ImageAugmenter(v, seed, bounds))];

    /// <summary>Runs on the loader's thread; libtorch computes nothing here.</summary>
    public Batch Add(Batch batch)
    {
        Tensor inputs = batch.Inputs.cpu();
        Tensor[] views = [.. _augmenters.Select((a, i) => a.Apply(inputs, batch.Position, i).to(batch.Inputs.device))];
        if (!ReferenceEquals(inputs, batch.Inputs))
            inputs.Dispose();
        return batch with { Views = views };
    }
}
