using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Models;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// Training a classifier that says less of what it was not made for: L + λ E_out[L_OE] (Hendrycks et al., "Deep Anomaly Detection with
/// Outlier Exposure", ICLR 2019). For images, tables and tokens. Training samples and outliers go through the network in one
/// pass, so that batch norm sees both: in passes of their own the statistics of one would be used for the other. Judged by
/// <c>loss</c>, <c>accuracy</c>, and <c>outlierAuroc</c>, how well the first outliers are told from the data by the largest softmax probability.
/// </summary>
public sealed class OutlierExposure : Objective<ExposedBatch>
{
    private const int Watched = 1000;

    private readonly Module<Tensor, Tensor> _model;
    private readonly Dataset _train;
    private readonly Dataset _outliers;
    private readonly ExposedBatches _batches;
    private readonly double _weight;
    private readonly double[] _prior;
    private readonly Func<string, Tensor, bool>? _decays;

    /// <summary>An objective for a model that maps inputs [batch, ...] to logits [batch, classes].</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="train">The training data.</param>
    /// <param name="outliers">What the model is exposed to, in the form of the training data; labels do not count. Stays the caller's.</param>
    /// <param name="options">The loss; the paper's for images where null.</param>
    /// <param name="seed">Which outliers stand beside which samples is a function of it.</param>
    /// <param name="decays">Which parameters weight decay applies to; those of two or more dimensions where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="ShapeException">The outliers have another shape than the training data.</exception>
    /// <exception cref="DataException">Tokens stand beside numbers.</exception>
    public OutlierExposure(Module<Tensor, Tensor> model, Dataset train, Dataset outliers, OutlierExposureOptions? options = null, int seed = 0, Func<string, Tensor, bool>? decays = null)
    {
        Options = options ?? new();
        Options.Validate();
        _batches = new ExposedBatches(train, outliers, Options.CountFor(train.IsTokens), seed);
        OptionsException.Require((Options.Loss == OutlierLoss.RejectClass) == model is ExtraOutput, nameof(Options.Loss), Options.Loss, "and a network with an extra output belong together: an ExtraOutput with rejectClass, a plain network with the others");
        (_model, _train, _outliers, _decays) = (model, train, outliers, decays);
        _weight = Options.WeightFor(train.IsTokens);
        _prior = [.. Enumerable.Range(0, train.ClassCount).GroupJoin(train.LabelArray(), c => (long)c, l => l, (_, found) => found.Count() / (double)train.Count)];
        (InlierEnergy, OutlierEnergy) = (Options.InlierEnergy ?? double.NaN, Options.OutlierEnergy ?? double.NaN);
    }

    /// <summary>What the training was told.</summary>
    public OutlierExposureOptions Options { get; }

    /// <summary>For energy: m_in, NaN before the training where it is not given.</summary>
    public double InlierEnergy { get; private set; }

    /// <summary>For energy: m_out, NaN before the training where it is not given.</summary>
    public double OutlierEnergy { get; private set; }

    /// <summary>Changes each training image and each outlier at random; as they are where null.</summary>
    public ImageAugmenter? Augmenter { get; init; }

    /// <inheritdoc/>
    public override Module Model => _model;

    /// <inheritdoc/>
    public override bool CouplesSamples => Options.HardShare < 1;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => _decays?.Invoke(name, parameter) ?? base.Decays(name, parameter);

    /// <summary>Finds the energies' margins where they are not given, by what the model says before.</summary>
    /// <param name="setup">What the training has to offer.</param>
    /// <exception cref="OptionsException">The model does not tell outliers by their energy at all.</exception>
    public override void Begin(TrainingSetup setup)
    {
        if (Options.Loss != OutlierLoss.Energy || (Options.InlierEnergy is not null && Options.OutlierEnergy is not null))
            return;
        InlierEnergy = Options.InlierEnergy ?? MedianEnergy(_train);
        OutlierEnergy = Options.OutlierEnergy ?? (2.0 / 3 * MedianEnergy(_outliers));
        OptionsException.Require(InlierEnergy < OutlierEnergy, nameof(Options.InlierEnergy), InlierEnergy,
            $"must be below that of outliers ({OutlierEnergy:0.00}): train the model first, or give both energies");
    }

    /// <summary>Samples with outliers beside them: what this objective is trained on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<ExposedBatch> ForTraining(ISampleSource<LabelledBatch> data) => _batches.Beside(data, Augmenter);

    /// <summary>Samples as they are: what this objective is judged on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<ExposedBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => ExposedBatches.Alone(data);

    /// <inheritdoc/>
    public override LossSum Step(ExposedBatch batch, TrainingState state)
    {
        (Tensor inliers, Tensor outliers) = _batches.Through(batch, rows => _model is ExtraOutput extra ? extra.All(rows) : _model.call(rows));
        Tensor loss = Inside(inliers, batch.Labels!) + (_weight * batch.Count * Outside(outliers).mean());
        using var noGradients = torch.no_grad();
        return new LossSum(loss, batch.Count, inliers.narrow(1, 0, _train.ClassCount).argmax(1).eq(batch.Labels!).sum());
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ExposedBatch> data, EvaluationContext context)
    {
        using var classifier = new TorchClassifier(_model, _train.InputShape, _train.ClassCount, _train.Bounds);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parts = new List<(Tensor Probabilities, Tensor Labels)>();
        foreach (ExposedBatch batch in data.InBatches())
            parts.Add((classifier.Probabilities(batch.Inputs), batch.Labels!.clone()));
        Tensor probabilities = torch.cat([.. parts.Select(p => p.Probabilities)]);
        Tensor labels = torch.cat([.. parts.Select(p => p.Labels)]);
        Tensor outliers = classifier.Probabilities(_outliers.First(Watched).Inputs);
        return new Dictionary<string, double>
        {
            ["loss"] = LogLoss.Of(probabilities, labels),
            ["accuracy"] = Accuracy.Of(probabilities, labels),
            ["outlierAuroc"] = Auroc.Of(Unsure(outliers), Unsure(probabilities)),
        };
    }

    // Summed over the samples.
    private Tensor Inside(Tensor logits, Tensor labels)
    {
        if (Options.Loss == OutlierLoss.Multilabel)
            return functional.softplus(logits).sum() - logits.gather(1, labels.unsqueeze(1)).sum();
        Tensor loss = functional.cross_entropy(logits, labels, reduction: Reduction.Sum);
        return Options.Loss == OutlierLoss.Energy ? loss + (_weight * OutlierLosses.EnergyBelow(logits, InlierEnergy).sum()) : loss;
    }

    // Those that count, [at most n·k].
    private Tensor Outside(Tensor logits)
    {
        Tensor losses = Options.Loss switch
        {
            OutlierLoss.UniformCrossEntropy => OutlierLosses.UniformCrossEntropy(logits),
            OutlierLoss.ClassPrior => OutlierLosses.PriorCrossEntropy(logits, torch.tensor(_prior, dtype: logits.dtype, device: logits.device)),
            OutlierLoss.Energy => OutlierLosses.EnergyAbove(logits, OutlierEnergy),
            OutlierLoss.RejectClass => -functional.log_softmax(logits, 1).select(1, logits.shape[1] - 1),
            _ => OutlierLosses.AllDenied(logits),
        };
        if (Options.HardShare >= 1)
            return losses;
        int kept = Math.Max(1, (int)Math.Ceiling(Options.HardShare * losses.shape[0] - 1e-9));
        return losses.topk(kept).values;
    }

    private double MedianEnergy(Dataset data)
    {
        using var classifier = new TorchClassifier(_model, _train.InputShape, _train.ClassCount, _train.Bounds);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return (-classifier.Logits(data.First(Watched).Inputs).logsumexp(1)).median().ToDouble();
    }

    private static double[] Unsure(Tensor probabilities)
    {
        using Tensor scores = (-probabilities.amax([1])).cpu().to(torch.float64);
        return scores.data<double>().ToArray();
    }
}
