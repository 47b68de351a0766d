using Espalier.Data;
using Espalier.Data.Augmentation;

namespace Espalier.Representation.SelfSupervision;

/// <summary>Makes random views of images; one augmenter a view.</summary>
internal sealed class ViewMaker
{
    private readonly ImageAugmenter[] _augmenters;

    public ViewMaker(IEnumerable<AugmentationOptions> views, int seed, Models.InputBounds bounds) =>
        _augmenters = [.. views.Select(v => new ImageAugmenter(v, seed, bounds))];

    /// <summary>Images with random views of them, a function of the seed and the place in the sample stream.</summary>
    public ISampleSource<ViewBatch> ForTraining(ISampleSource<LabelledBatch> data) => data.Select(Add);

    /// <summary>Images without views.</summary>
    public static ISampleSource<ViewBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => data.Select(b => new ViewBatch(b.Inputs, b.Labels, []) { Position = b.Position });

    // Runs on the loader's thread; libtorch computes nothing here.
    private ViewBatch Add(LabelledBatch batch)
    {
        Tensor inputs = batch.Inputs.cpu();
        Tensor[] views = [.. _augmenters.Select((a, i) => a.Apply(inputs, batch.Position, i).MovedTo(batch.Inputs.device))];
        if (!ReferenceEquals(inputs, batch.Inputs))
            inputs.Dispose();
        return new ViewBatch(batch.Inputs, batch.Labels, views) { Position = batch.Position };
    }
}
