using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// Training samples with outliers beside them. They go through a network together, each sample with its outliers behind it: batch norm
/// sees both, and a row's draws and its batch norm group do not depend on the micro-batch.
/// </summary>
internal sealed class ExposedBatches
{
    private readonly Dataset _outliers;
    private readonly OutlierSampling _sampling;
    private readonly int _perSample;
    private readonly int _seed;

    /// <param name="train">The training data.</param>
    /// <param name="outliers">The outliers, in its form; stay the caller's.</param>
    /// <param name="perSample">Outliers beside each sample, at least 1.</param>
    /// <param name="seed">Which stand beside which, and what is dropped of them, is a function of it.</param>
    /// <exception cref="ShapeException">The outliers have another shape than the training data.</exception>
    /// <exception cref="DataException">Tokens stand beside numbers.</exception>
    public ExposedBatches(Dataset train, Dataset outliers, int perSample, int seed)
    {
        if (!outliers.InputShape.SequenceEqual(train.InputShape))
            throw new ShapeException($"an outlier of {outliers.Name}", outliers.InputShape, $"[{string.Join(", ", train.InputShape)}], as the training data has it");
        if (outliers.IsTokens != train.IsTokens)
            throw new DataException(outliers.Name, outliers.IsTokens ? "holds tokens, the training data numbers" : "holds numbers, the training data tokens", "give outliers of the kind of the training data");
        (_outliers, _perSample, _seed) = (outliers, perSample, seed);
        _sampling = new OutlierSampling(outliers.Count, train.Count, perSample, seed);
    }

    /// <summary>Samples as they are, without outliers: what an exposed model is judged on.</summary>
    public static ISampleSource<ExposedBatch> Alone(ISampleSource<LabelledBatch> data) => data.Select(b => new ExposedBatch(b.Inputs, b.Labels, null) { Position = b.Position });

    /// <summary>Samples changed by an augmenter, without outliers.</summary>
    public static ISampleSource<ExposedBatch> Alone(ISampleSource<LabelledBatch> data, ImageAugmenter? augmenter) =>
        data.Select(b => augmenter?.Apply(b) ?? b).Select(b => new ExposedBatch(b.Inputs, b.Labels, null) { Position = b.Position });

    /// <summary>Samples with outliers beside them.</summary>
    /// <param name="data">The samples.</param>
    /// <param name="augmenter">Changes samples and outliers; nobody where null.</param>
    public ISampleSource<ExposedBatch> Beside(ISampleSource<LabelledBatch> data, ImageAugmenter? augmenter = null) => data.Select(b => Paired(b, augmenter));

    private ExposedBatch Paired(LabelledBatch batch, ImageAugmenter? augmenter)
    {
        // A place in a stream of their own: an outlier is changed like no training sample.
        LabelledBatch outliers = _outliers.Gather(_sampling.Of(batch.Position, batch.Count)) with { Position = (batch.Position * _perSample) + (1L << 40) };
        if (augmenter is not null)
            (batch, outliers) = (augmenter.Apply(batch), augmenter.Apply(outliers));
        outliers.Labels.Dispose();
        return new ExposedBatch(batch.Inputs, batch.Labels, outliers.Inputs) { Position = batch.Position };
    }

    /// <summary>What a network says of both, in one pass.</summary>
    /// <param name="batch">What <see cref="Beside"/> made.</param>
    /// <param name="network">Maps [rows, ...] to [rows, ...].</param>
    /// <returns>Of the samples, [n, ...], and of the outliers, [n·k, ...].</returns>
    public (Tensor Own, Tensor Foreign) Through(ExposedBatch batch, Func<Tensor, Tensor> network)
    {
        int each = 1 + _perSample;
        long[] shape = [.. batch.Inputs.shape[1..]];
        Tensor rows = torch.cat([batch.Inputs.unsqueeze(1), batch.Outliers!.view([batch.Count, _perSample, .. shape])], 1).view([batch.Count * each, .. shape]);
        using IDisposable draws = SampleRandom.Begin(_seed, batch.Position * each, batch.Count * each);
        Tensor said = network(rows);
        Tensor bySample = said.view([batch.Count, each, .. said.shape[1..]]);
        return (bySample.select(1, 0), bySample.narrow(1, 1, _perSample).flatten(0, 1));
    }
}
