using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Encoders;
using Espalier.Representation.Heads;
using Espalier.Representation.Losses;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;

namespace Espalier.Representation.SelfSupervision;

/// <summary>
/// Bootstrap your own latent (Grill et al., NeurIPS 2020): an online network predicts what a target network, its moving
/// average, makes of another view. The target is the trainer's <see cref="ModelEma"/> (<see cref="TrainerOptions.Ema"/>): it
/// stays fixed during an optimizer step and takes batch statistics of its own.
/// </summary>
public sealed class Byol : Objective<ViewBatch>, IDisposable
{
    private readonly RepresentationNetwork _online;
    private readonly RepresentationNetwork _target;
    private readonly ViewMaker _views;
    private readonly RepresentationQuality _quality;

    /// <summary>Makes online and target network.</summary>
    /// <param name="options">The heads.</param>
    /// <param name="shared">Encoder and views.</param>
    /// <param name="train">The training data: gives shape and classes, and the neighbours of the evaluation.</param>
    /// <param name="seed">Weights and views are functions of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public Byol(ByolOptions options, SelfSupervisionOptions shared, Dataset train, int seed)
    {
        options.Validate();
        shared.Validate();
        _online = Network(predicts: true);
        _target = Network(predicts: false);
        _views = new ViewMaker(shared.Views.Of(train.InputShape), seed, train.Bounds);
        _quality = new RepresentationQuality(shared, train);

        RepresentationNetwork Network(bool predicts)
        {
            Encoder encoder = shared.Encoder.Create(train.InputShape, seed);
            var network = new RepresentationNetwork(
                encoder,
                new ProjectionHead(encoder.Features, options.Projector, seed + 1, width => new GhostBatchNorm(width)),
                predicts ? new ProjectionHead(options.Projector.OutputSize, options.Predictor, seed + 2, width => new GhostBatchNorm(width)) : null,
                predicts ? RepresentationNetwork.MakeProbe(shared, encoder.Features, train.ClassCount, seed) : null);
            network.to(train.Device);
            return network;
        }
    }

    /// <summary>The online network.</summary>
    public RepresentationNetwork Online => _online;

    /// <summary>The target network: encoder and projector of the averaged weights.</summary>
    public RepresentationNetwork Target => _target;

    /// <inheritdoc/>
    public override torch.nn.Module Model => _online;

    /// <inheritdoc/>
    public override IEnumerable<torch.nn.Module> Networks => [_online, _target];

    /// <inheritdoc/>
    /// <exception cref="OptionsException">The training has no EMA.</exception>
    public override void Begin(TrainingSetup setup)
    {
        if (setup.Ema is null)
            throw new OptionsException("ema", null, "must be given: the target network is the moving average (momentum 0.996, schedule cosineToOne)");
        setup.Ema.BindTo(_target);
        ModuleModes.Copy(_online, _target);
    }

    /// <summary>Images with random views of them, a function of the seed and their place in the sample stream: what this objective is trained on.</summary>
    /// <param name="data">The images.</param>
    public ISampleSource<ViewBatch> ForTraining(ISampleSource<LabelledBatch> data) => _views.ForTraining(data);

    /// <summary>Images as they are: what this objective is judged on.</summary>
    /// <param name="data">The images.</param>
    public ISampleSource<ViewBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => ViewMaker.ForEvaluation(data);

    /// <inheritdoc/>
    public override LossSum Step(ViewBatch batch, TrainingState state)
    {
        long n = batch.Count;
        Tensor views = torch.cat([batch.Views[0], batch.Views[1]]); // [2n, ...]
        Tensor targets;
        using (torch.no_grad())
            targets = _target.call(views);
        Tensor features = _online.Encoder.call(views);
        Tensor predictions = _online.Predictor!.call(_online.Projector.call(features));
        Tensor loss = ByolLoss.Of(predictions.narrow(0, 0, n), targets.narrow(0, n, n)) + ByolLoss.Of(predictions.narrow(0, n, n), targets.narrow(0, 0, n));
        (Tensor? auxiliary, Tensor? correct) = OnlineProbe.Of(_online.Probe, features, batch.Labels);
        return new LossSum(loss, n, correct) { Auxiliary = auxiliary };
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ViewBatch> data, EvaluationContext context) => _quality.Of(_online.Encoder, data);

    /// <inheritdoc/>
    public void Dispose()
    {
        _online.Dispose();
        _target.Dispose();
        _quality.Dispose();
    }
}
