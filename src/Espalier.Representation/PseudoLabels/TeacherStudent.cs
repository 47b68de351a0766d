using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Data.Sampling;
using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using static TorchSharp.torch.nn;

namespace Espalier.Representation.PseudoLabels;

/// <summary>
/// Pseudo-labelling with an EMA teacher (Busbridge et al. 2023, section 3.3; Tarvainen &amp; Valpola 2017): the mean loss of
/// labelled samples plus λ times that against the teacher's labels of unlabelled ones. Each sample of the stream is paired
/// with a labelled one, so that the loss is a mean over samples at every batch size. The teacher is the trainer's
/// <see cref="ModelEma"/>, in evaluation mode, and stays fixed during an optimizer step.
/// </summary>
public sealed class TeacherStudent : Objective<PseudoLabelBatch>, IDisposable
{
    private readonly Module<Tensor, Tensor> _student;
    private readonly Module<Tensor, Tensor> _teacher;
    private readonly Dataset _labelled;
    private readonly SampleStream _labelledOrder;
    private readonly ImageAugmenter? _augmenter;
    private readonly PseudoLabelOptions _options;
    private long _startAfter;

    /// <summary>Learns a classifier.</summary>
    /// <param name="student">Maps [batch, ...] to logits; stays the caller's.</param>
    /// <param name="teacher">A second network of the same kind; its weights become the averaged ones. Stays the caller's.</param>
    /// <param name="train">All training data; only the labels of <see cref="PseudoLabelOptions.Labelled"/> samples are used.</param>
    /// <param name="options">How.</param>
    /// <param name="seed">The choice of labelled samples, their order and the views.</param>
    /// <exception cref="OptionsException">A value is out of range, or there are fewer samples than labels asked for.</exception>
    public TeacherStudent(Module<Tensor, Tensor> student, Module<Tensor, Tensor> teacher, Dataset train, PseudoLabelOptions options, int seed)
    {
        options.Validate();
        OptionsException.Require(options.Labelled <= train.Count, "labelled", options.Labelled, $"must not exceed the {train.Count} training samples");
        (_student, _teacher, _options) = (student, teacher, options);
        _labelled = train.Subset(StratifiedSplit.Sample(train.LabelArray(), options.Labelled, seed));
        _labelledOrder = new SampleStream(_labelled.Count, seed);
        _augmenter = options.View is null ? null : new ImageAugmenter(options.View, seed, train.Bounds);
    }

    /// <inheritdoc/>
    public override Module Model => _student;

    /// <inheritdoc/>
    public override IEnumerable<Module> Networks => [_student, _teacher];

    /// <inheritdoc/>
    /// <exception cref="OptionsException">The training has no EMA.</exception>
    public override void Begin(TrainingSetup setup)
    {
        if (setup.Ema is null)
            throw new OptionsException("ema", null, "must be given: the teacher is the moving average");
        setup.Ema.BindTo(_teacher, ownStatistics: false);
        _teacher.eval();
        _startAfter = _options.StartAfter.ToSamples(setup.Options.BaseBatchSize ?? setup.Options.BatchSize, setup.State.EpochSize);
    }

    /// <summary>Samples without labels beside labelled ones: what this objective is trained on.</summary>
    /// <param name="data">The samples; their labels are left out.</param>
    public ISampleSource<PseudoLabelBatch> ForTraining(ISampleSource<LabelledBatch> data) => data.Select(Paired);

    /// <summary>Samples with their own labels: what this objective is judged on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<PseudoLabelBatch> ForEvaluation(ISampleSource<LabelledBatch> data) =>
        data.Select(b => new PseudoLabelBatch(b.Inputs, b.Inputs.alias(), b.Inputs.alias(), b.Labels) { Position = b.Position });

    /// <inheritdoc/>
    public override LossSum Step(PseudoLabelBatch batch, TrainingState state)
    {
        bool asks = state.SamplesSeen >= _startAfter && _options.Weight > 0;
        long n = batch.Count;
        Tensor logits = _student.call(asks ? torch.cat([batch.LabelledInputs, batch.View]) : batch.LabelledInputs);
        Tensor supervised = logits.narrow(0, 0, n);
        Tensor loss = functional.cross_entropy(supervised, batch.Labels, reduction: Reduction.Sum);
        if (asks)
            loss += _options.Weight * PseudoLoss(logits.narrow(0, n, n), batch.Inputs);
        using var noGradients = torch.no_grad();
        return new LossSum(loss, n, supervised.argmax(1).eq(batch.Labels).sum());
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<PseudoLabelBatch> data, EvaluationContext context) =>
        ClassificationNumbers.Of(_student, data.Select(b => new LabelledBatch(b.LabelledInputs, b.Labels)));

    /// <inheritdoc/>
    public void Dispose() => _labelled.Dispose();

    private PseudoLabelBatch Paired(LabelledBatch batch)
    {
        batch.Labels.Dispose();
        LabelledBatch labelled = _labelled.Gather(_labelledOrder.Take(batch.Position, batch.Count), batch.Position);
        if (_augmenter is null)
            return new PseudoLabelBatch(batch.Inputs, batch.Inputs.alias(), labelled.Inputs, labelled.Labels) { Position = batch.Position };
        using Tensor plain = labelled.Inputs;
        return new PseudoLabelBatch(batch.Inputs, View(batch.Inputs, batch.Position, 0), View(plain, batch.Position, 1), labelled.Labels) { Position = batch.Position };
    }

    private Tensor PseudoLoss(Tensor logits, Tensor inputs)
    {
        Tensor target, counts;
        using (torch.no_grad())
        {
            Tensor probabilities = _teacher.call(inputs).softmax(1);
            (Tensor sure, Tensor likely) = probabilities.max(1);
            counts = sure.ge(_options.Confidence).to(logits.dtype);
            target = _options.Soft ? probabilities : likely;
        }

        return (functional.cross_entropy(logits, target, reduction: Reduction.None) * counts).sum();
    }

    private Tensor View(Tensor images, long position, int view)
    {
        using Tensor host = images.cpu();
        return _augmenter!.Apply(host, position, view).MovedTo(images.device);
    }
}
