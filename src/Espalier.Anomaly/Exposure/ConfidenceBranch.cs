using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// A classifier that learns how sure it may be (DeVries and Taylor, "Learning Confidence for Out-of-Distribution Detection in Neural Networks", 2018): with
/// confidence b it is told the label in the measure 1 - b, and pays -λ_c log b for what it was told. Outliers, where there are any, pay -log(1 - b).
/// Judged by <c>loss</c> and <c>accuracy</c>.
/// </summary>
public sealed class ConfidenceBranch : Objective<ExposedBatch>, IDisposable
{
    private const double Least = 1e-12;
    private const double Smaller = 1.01;
    private const double Greater = 0.99;

    private readonly ExtraOutput _model;
    private readonly ExposedBatches? _batches;
    private readonly double _weight;
    private readonly int _seed;

    // Sum of -log b and number of samples of the step.
    private readonly Tensor _sums = torch.zeros(2, dtype: torch.float64).DetachFromDisposeScope();

    /// <summary>An objective for a network with an extra output.</summary>
    /// <param name="model">The network; stays the caller's.</param>
    /// <param name="train">The training data.</param>
    /// <param name="outliers">What it is exposed to, in the form of the training data; nothing where null. Stays the caller's.</param>
    /// <param name="options">Budget and hints; the paper's where null.</param>
    /// <param name="weight">λ of the outliers' loss -log(1 - b), not negative; 0.5 in Hendrycks et al. 2019, section 5, who write +log b, which has no lower end.</param>
    /// <param name="outliersPerSample">Outliers beside each training sample, at least 1; where null, 2, on text 1.</param>
    /// <param name="seed">Hints and outliers are a function of it.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="ShapeException">The outliers have another shape than the training data.</exception>
    /// <exception cref="DataException">Tokens stand beside numbers.</exception>
    public ConfidenceBranch(ExtraOutput model, Dataset train, Dataset? outliers = null, ConfidenceBranchOptions? options = null, double weight = 0.5, int? outliersPerSample = null, int seed = 0)
    {
        Options = options ?? new();
        Options.Validate();
        OptionsException.Require(weight >= 0, nameof(weight), weight, "must not be negative");
        OptionsException.Require(outliersPerSample is null or >= 1, nameof(outliersPerSample), outliersPerSample, "must be at least 1");
        (_model, _weight, _seed) = (model, weight, seed);
        _batches = outliers is null ? null : new ExposedBatches(train, outliers, new OutlierExposureOptions { OutliersPerSample = outliersPerSample }.CountFor(train.IsTokens), seed);
    }

    /// <summary>What the training was told.</summary>
    public ConfidenceBranchOptions Options { get; }

    /// <summary>Changes each training image and each outlier at random; as they are where null.</summary>
    public ImageAugmenter? Augmenter { get; init; }

    /// <inheritdoc/>
    public override Module Model => _model;

    /// <inheritdoc/>
    public override Tensor? StepSums => _sums;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <summary>Samples with outliers beside them: what this objective is trained on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<ExposedBatch> ForTraining(ISampleSource<LabelledBatch> data) => _batches?.Beside(data, Augmenter) ?? ExposedBatches.Alone(data, Augmenter);

    /// <summary>Samples as they are: what this objective is judged on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<ExposedBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => ExposedBatches.Alone(data);

    /// <inheritdoc/>
    public override LossSum Step(ExposedBatch batch, TrainingState state)
    {
        (Tensor own, Tensor? foreign) = _batches is null ? (_model.All(batch.Inputs), (Tensor?)null) : _batches.Through(batch, _model.All);
        Tensor p = own.narrow(1, 0, _model.Classes).softmax(1).clamp(Least, 1 - Least);
        Tensor b = own.narrow(1, _model.Classes, 1).sigmoid().clamp(Least, 1 - Least);   // [n, 1]
        Tensor mayAsk;
        using (SampleRandom.Begin(_seed, batch.Position, batch.Count))
            mayAsk = SampleRandom.KeepMask([batch.Count, 1], Options.HintShare, b).gt(0).to(b.dtype);
        Tensor c = (mayAsk * b) + (1 - mayAsk);
        Tensor hinted = (c * p) + ((1 - c) * functional.one_hot(batch.Labels!, _model.Classes).to(p.dtype));
        Tensor task = -hinted.gather(1, batch.Labels!.unsqueeze(1)).log().sum();
        Tensor asked = -b.log().sum();
        Tensor loss = task + (_model.ConfidenceWeight * asked);
        if (foreign is not null)
        {
            // -log(1 - sigmoid(x)) = softplus(x).
            loss += _weight * batch.Count * functional.softplus(foreign.select(1, _model.Classes)).mean();
        }

        using var noGradients = torch.no_grad();
        _sums[0].add_(asked.detach().cpu().to(torch.float64));
        _sums[1].add_(batch.Count);
        return new LossSum(loss, batch.Count, own.narrow(1, 0, _model.Classes).argmax(1).eq(batch.Labels!).sum());
    }

    /// <summary>Moves λ_c so that the mean of -log b stays near the budget.</summary>
    /// <param name="state">Where the training stands.</param>
    public override void AfterOptimizerStep(TrainingState state)
    {
        double mean = _sums[0].ToDouble() / Math.Max(1, _sums[1].ToDouble());
        _model.SetConfidenceWeight(_model.ConfidenceWeight / (mean < Options.Budget ? Smaller : Greater));
        using var _ = torch.no_grad();
        _sums.zero_();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ExposedBatch> data, EvaluationContext context) =>
        ClassificationNumbers.Of(_model, data.Select(b => new LabelledBatch(b.Inputs, b.Labels!)));

    /// <inheritdoc/>
    public void Dispose() => _sums.Dispose();
}
