using Espalier.Data;
using Espalier.Networks.Encoders;
using Espalier.Representation.Evaluation;

namespace Espalier.Representation.SelfSupervision;

/// <summary>How good an encoder's features are as they stand: nearest neighbours, spread, rank.</summary>
internal sealed class RepresentationQuality : IDisposable
{
    private readonly SelfSupervisionOptions _options;
    private readonly Dataset _bank;
    private readonly bool _hasLabels;

    /// <param name="options">Says how.</param>
    /// <param name="train">Where the neighbours come from.</param>
    public RepresentationQuality(SelfSupervisionOptions options, Dataset train)
    {
        _options = options;

        // Evenly over the data set, which may be ordered by class.
        int count = Math.Min(options.KnnBank, train.Count);
        _bank = train.Subset([.. Enumerable.Range(0, count).Select(i => (int)((long)i * train.Count / count))]);
        _hasLabels = train.ClassCount >= 2;
    }

    public IReadOnlyDictionary<string, double> Of(Encoder encoder, ISampleSource<ViewBatch> validation)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parts = new List<(Tensor Features, Tensor Labels)>();
        foreach (ViewBatch batch in validation.InBatches())
            parts.Add((encoder.call(batch.Inputs), batch.Labels.clone()));
        Tensor features = torch.cat([.. parts.Select(p => p.Features)]);
        CollapseReport collapse = new CollapseMonitor(new()).Run(features);
        var numbers = new Dictionary<string, double> { ["spread"] = collapse.Spread, ["effectiveRank"] = collapse.EffectiveRank };
        if (_hasLabels)
            numbers["knn"] = new KnnProbe(_options.Knn).Run(EncoderFeatures.Of(encoder, _bank), _bank.Labels, features, torch.cat([.. parts.Select(p => p.Labels)])).Accuracy;
        return numbers;
    }

    public void Dispose() => _bank.Dispose();
}
