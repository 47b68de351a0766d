using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Encoders;
using Espalier.Representation.Heads;
using Espalier.Representation.Losses;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Representation.SelfSupervision;

/// <summary>
/// DINO (Caron et al., ICCV 2021): a student predicts, from local and global crops, what its moving average, the teacher,
/// makes of the global ones. The teacher is the trainer's <see cref="ModelEma"/>; the centre is updated once per optimizer
/// step from the whole batch of all ranks, with its momentum raised to κ.
/// </summary>
public sealed class Dino : Objective<ViewBatch>, IDisposable
{
    private const int Globals = 2;
    private const string Prototypes = "projector.prototypes";

    private readonly RepresentationNetwork _student;
    private readonly RepresentationNetwork _teacher;
    private readonly DinoOptions _options;
    private readonly DinoLoss _loss;
    private readonly ViewMaker _views;
    private readonly RepresentationQuality _quality;
    private readonly Tensor _centre;
    private readonly Tensor _sums;
    private int _baseBatch;
    private long _frozenUntil;

    /// <summary>Makes student and teacher.</summary>
    /// <param name="options">Head, loss and crops.</param>
    /// <param name="shared">Encoder and the views of the global crops.</param>
    /// <param name="train">The training data: gives shape and classes, and the neighbours of the evaluation.</param>
    /// <param name="seed">Weights and views are functions of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public Dino(DinoOptions options, SelfSupervisionOptions shared, Dataset train, int seed)
    {
        options.Validate();
        shared.Validate();
        OptionsException.Require(options.LocalCrops == 0 || shared.Encoder.Name == "conv", "localCrops", options.LocalCrops, "needs an encoder that takes images of any size (conv); set it to 0");
        _options = options;
        _student = Network(isTeacher: false);
        _teacher = Network(isTeacher: true);
        _loss = new DinoLoss(options.Loss);
        _centre = torch.zeros(options.Head.OutputSize, device: train.Device).DetachFromDisposeScope();
        _sums = torch.zeros(options.Head.OutputSize + 1).DetachFromDisposeScope();
        _student.AddBuffer("centre", _centre);
        IEnumerable<AugmentationOptions> locals = Enumerable.Repeat(options.Local ?? AugmentationPresets.DinoLocal(options.LocalSize), options.LocalCrops);
        _views = new ViewMaker(shared.Views.Of(train.InputShape).Concat(locals), seed, train.Bounds);
        _quality = new RepresentationQuality(shared, train);

        RepresentationNetwork Network(bool isTeacher)
        {
            Encoder encoder = shared.Encoder.Create(train.InputShape, seed);
            var network = new RepresentationNetwork(encoder, new DinoHead(encoder.Features, options.Head, seed + 1), null,
                isTeacher ? null : RepresentationNetwork.MakeProbe(shared, encoder.Features, train.ClassCount, seed));
            network.to(train.Device);
            return network;
        }
    }

    /// <summary>The student.</summary>
    public RepresentationNetwork Student => _student;

    /// <summary>The teacher: the averaged weights.</summary>
    public RepresentationNetwork Teacher => _teacher;

    /// <summary>The centre c of the teacher's logits, [outputs].</summary>
    public Tensor Centre => _centre;

    /// <inheritdoc/>
    public override torch.nn.Module Model => _student;

    /// <inheritdoc/>
    public override IEnumerable<torch.nn.Module> Networks => [_student, _teacher];

    /// <inheritdoc/>
    public override Tensor? StepSums => _sums;

    /// <inheritdoc/>
    /// <exception cref="OptionsException">The training has no EMA.</exception>
    public override void Begin(TrainingSetup setup)
    {
        if (setup.Ema is null)
            throw new OptionsException("ema", null, "must be given: the teacher is the moving average (momentum 0.996, schedule cosineToOne)");
        setup.Ema.BindTo(_teacher);
        ModuleModes.Copy(_student, _teacher);
        _baseBatch = setup.Options.BaseBatchSize ?? setup.Options.BatchSize;
        _frozenUntil = _options.FreezeLastLayer.ToSamples(_baseBatch, setup.State.EpochSize);
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
        Tensor globals = torch.cat([batch.Views[0], batch.Views[1]]); // [2n, ...]
        Tensor[] targets;
        using (torch.no_grad())
        {
            Tensor teacher = _teacher.call(globals);
            targets = [teacher.narrow(0, 0, n), teacher.narrow(0, n, n)];
            _sums.narrow(0, 0, _sums.numel() - 1).add_(teacher.sum([0]).cpu()); // sum(0) would be the sum as bytes: 0 is an enumeration's value too
            _sums[_sums.numel() - 1].add_(Globals * n);
        }

        Tensor features = _student.Encoder.call(globals);
        var students = new List<Tensor>(Cut(_student.Projector.call(features), n));
        if (_options.LocalCrops > 0)
            students.AddRange(Cut(_student.call(torch.cat([.. batch.Views.Skip(Globals)])), n));
        Tensor loss = _loss.Sum(students, targets, _centre, _loss.TeacherTemperatureAt((double)state.SamplesSeen / state.TotalSamples));
        (Tensor? auxiliary, Tensor? correct) = OnlineProbe.Of(_student.Probe, features, batch.Labels);
        return new LossSum(loss, n, correct) { Auxiliary = auxiliary };
    }

    /// <inheritdoc/>
    public override void BeforeOptimizerStep(FlatParameters gradients, TrainingState state)
    {
        if (state.SamplesSeen >= _frozenUntil)
            return;
        using Tensor prototypes = gradients.Slices.First(s => s.Name == Prototypes).Of(gradients.Gradients);
        prototypes.zero_();
    }

    /// <inheritdoc/>
    public override void AfterOptimizerStep(TrainingState state)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        double count = _sums[_sums.numel() - 1].ToDouble();
        double kappa = count / Globals / _baseBatch;
        DinoLoss.UpdateCentre(_centre, _sums.narrow(0, 0, _sums.numel() - 1).to(_centre.device), count, Math.Pow(_options.Loss.CentreMomentum, kappa));
        _sums.zero_();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ViewBatch> data, EvaluationContext context) => _quality.Of(_student.Encoder, data);

    /// <inheritdoc/>
    public void Dispose()
    {
        _student.Dispose();
        _teacher.Dispose();
        _centre.Dispose();
        _sums.Dispose();
        _quality.Dispose();
    }

    private static IEnumerable<Tensor> Cut(Tensor views, long n)
    {
        for (long start = 0; start < views.shape[0]; start += n)
            yield return views.narrow(0, start, n);
    }
}
