using Espalier.Data;
using Espalier.Errors;
using Espalier.Networks.Encoders;
using Espalier.Representation.Heads;
using Espalier.Representation.Losses;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;

namespace Espalier.Representation.SelfSupervision;

/// <summary>
/// SimCLR (Chen et al., ICML 2020): the two views of a sample find each other among all samples of the batch. The whole
/// batch counts, however it is cut into micro-batches and ranks.
/// </summary>
public sealed class SimClr : CoupledObjective<ViewBatch>, IDisposable
{
    private readonly RepresentationNetwork _network;
    private readonly NtXentLoss _loss;
    private readonly ViewMaker _views;
    private readonly RepresentationQuality _quality;

    /// <summary>Makes the network.</summary>
    /// <param name="options">Head and temperature.</param>
    /// <param name="shared">Encoder and views.</param>
    /// <param name="train">The training data: gives shape and classes, and the neighbours of the evaluation.</param>
    /// <param name="seed">Weights and views are functions of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public SimClr(SimClrOptions options, SelfSupervisionOptions shared, Dataset train, int seed)
    {
        options.Validate();
        shared.Validate();
        Encoder encoder = shared.Encoder.Create(train.InputShape, seed);
        _network = new RepresentationNetwork(
            encoder,
            new ProjectionHead(encoder.Features, options.Projector, seed + 1, width => new GhostBatchNorm(width)),
            null,
            RepresentationNetwork.MakeProbe(shared, encoder.Features, train.ClassCount, seed));
        _network.to(train.Device);
        _loss = new NtXentLoss(options.Loss);
        _views = new ViewMaker(shared.Views.Of(train.InputShape), seed, train.Bounds);
        _quality = new RepresentationQuality(shared, train);
    }

    /// <summary>The network.</summary>
    public RepresentationNetwork Network => _network;

    /// <inheritdoc/>
    public override torch.nn.Module Model => _network;

    /// <summary>Images with random views of them, a function of the seed and their place in the sample stream: what this objective is trained on.</summary>
    /// <param name="data">The images.</param>
    public ISampleSource<ViewBatch> ForTraining(ISampleSource<LabelledBatch> data) => _views.ForTraining(data);

    /// <summary>Images as they are: what this objective is judged on.</summary>
    /// <param name="data">The images.</param>
    public ISampleSource<ViewBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => ViewMaker.ForEvaluation(data);

    /// <inheritdoc/>
    public override Embedding Embed(ViewBatch batch, TrainingState state)
    {
        long n = batch.Count;
        Tensor features = _network.Encoder.call(torch.cat([batch.Views[0], batch.Views[1]]));
        Tensor projections = _network.Projector.call(features);
        (Tensor? auxiliary, Tensor? correct) = OnlineProbe.Of(_network.Probe, features, batch.Labels);
        return new Embedding(torch.stack([projections.narrow(0, 0, n), projections.narrow(0, n, n)], 1), auxiliary, correct); // [n, 2, d]
    }

    /// <inheritdoc/>
    public override LossSum Loss(Tensor embeddings, TrainingState state)
    {
        long n = embeddings.shape[0];
        OptionsException.Require(n >= 2, "batchSize", n, "must be at least 2: a sample is told from others");
        return new LossSum(_loss.Sum(embeddings.select(1, 0), embeddings.select(1, 1)) / 2, n);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ViewBatch> data, EvaluationContext context) => _quality.Of(_network.Encoder, data);

    /// <inheritdoc/>
    public void Dispose()
    {
        _network.Dispose();
        _quality.Dispose();
    }
}
