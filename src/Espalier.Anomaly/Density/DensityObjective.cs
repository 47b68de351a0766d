using Espalier.Anomaly.Exposure;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Networks;
using Espalier.Networks.Density;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Density;

/// <summary>
/// The likelihood of images, in nats for each value; where there are outliers, with the margin loss max(0, M + nll(x) - nll(x')) of each image and the
/// outlier beside it (Hendrycks et al. 2019, section 4.4), both in one pass. Judged by <c>bitsPerDimension</c> and, with outliers,
/// <c>outlierAuroc</c>.
/// </summary>
public sealed class DensityObjective : Objective<ExposedBatch>
{
    private const int Watched = 500;

    private readonly PixelCnn _model;
    private readonly Dataset? _outliers;
    private readonly ExposedBatches? _batches;
    private readonly DensityExposureOptions _options;

    /// <summary>An objective for a density.</summary>
    /// <param name="model">The density; stays the caller's.</param>
    /// <param name="train">The training images.</param>
    /// <param name="outliers">What it shall find unlikely, in the form of the training images; nothing where null. Stays the caller's.</param>
    /// <param name="options">The margin; that of the paper where null.</param>
    /// <param name="seed">Which outlier stands beside which image is a function of it.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="ShapeException">The outliers have another shape than the training images.</exception>
    /// <exception cref="DataException">The outliers are tokens.</exception>
    public DensityObjective(PixelCnn model, Dataset train, Dataset? outliers = null, DensityExposureOptions? options = null, int seed = 0)
    {
        _options = options ?? new();
        _options.Validate();
        (_model, _outliers) = (model, outliers);
        _batches = outliers is null ? null : new ExposedBatches(train, outliers, 1, seed);
    }

    /// <inheritdoc/>
    public override Module Model => _model;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <summary>Images with outliers beside them where there are any: what this objective is trained on.</summary>
    /// <param name="data">The images; their labels do not count.</param>
    public ISampleSource<ExposedBatch> ForTraining(ISampleSource<LabelledBatch> data) => _batches?.Beside(data) ?? ExposedBatches.Alone(data);

    /// <summary>Images as they are: what this objective is judged on.</summary>
    /// <param name="data">The images.</param>
    public ISampleSource<ExposedBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => ExposedBatches.Alone(data);

    /// <inheritdoc/>
    public override LossSum Step(ExposedBatch batch, TrainingState state)
    {
        long values = batch.Inputs.numel() / batch.Count;
        if (_batches is null)
            return new LossSum(_model.NegativeLogLikelihood(batch.Inputs).sum() / values, batch.Count);
        (Tensor inside, Tensor outside) = _batches.Through(batch, _model.NegativeLogLikelihood);
        Tensor margin = functional.relu((_options.MarginPerValue * values) + inside - outside);
        return new LossSum((inside + (_options.Weight * margin)).sum() / values, batch.Count);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ExposedBatch> data, EvaluationContext context)
    {
        var detector = new BitsPerDimension(_model);
        using var scope = torch.NewDisposeScope();
        double[] inside = [.. data.InBatches().SelectMany(b => Values(detector.Score(b.Inputs)))];
        var numbers = new Dictionary<string, double> { ["bitsPerDimension"] = inside.Average() };
        if (_outliers is not null)
            numbers["outlierAuroc"] = Auroc.Of(Values(detector.Score(_outliers.First(Watched).Inputs)), inside);
        return numbers;
    }

    private static double[] Values(Tensor scores) => scores.data<double>().ToArray();
}
