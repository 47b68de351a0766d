using Espalier.Data;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Networks;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// A language model that says less of foreign text: the cross-entropy of the next token, plus λ times H(U; p_t) averaged over the positions of foreign windows
/// (Hendrycks et al. 2019, section 4.4). Windows start from an empty state; pads are not guessed. Judged by <c>loss</c> (nats a token), <c>perplexity</c>,
/// and <c>outlierAuroc</c>, how well the first foreign windows are told from the data by H(U; p_t).
/// </summary>
public sealed class LanguageExposure : Objective<ExposedBatch>
{
    private const int Watched = 500;
    private const int EvaluationBatch = 64;

    private readonly CausalLanguageModel _model;
    private readonly Dataset _outliers;
    private readonly ExposedBatches _batches;
    private readonly double _weight;

    /// <summary>An objective for windows of one token more than the model reads.</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="train">Windows of the training text, [n, m + 1] tokens.</param>
    /// <param name="outliers">Windows of foreign text in the same tokens. Stays the caller's.</param>
    /// <param name="weight">λ, not negative; 0.5 in the paper's code.</param>
    /// <param name="seed">Which windows stand side by side is a function of it.</param>
    /// <exception cref="OptionsException">The weight is negative.</exception>
    /// <exception cref="ShapeException">The windows have different lengths.</exception>
    /// <exception cref="DataException">One of both holds no tokens.</exception>
    public LanguageExposure(CausalLanguageModel model, Dataset train, Dataset outliers, double weight = 0.5, int seed = 0)
    {
        OptionsException.Require(weight >= 0, nameof(weight), weight, "must not be negative");
        (_model, _outliers, _weight) = (model, outliers, weight);
        _batches = new ExposedBatches(train, outliers, 1, seed);
    }

    /// <inheritdoc/>
    public override Module Model => _model;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => WeightDecay.Applies(name, parameter);

    /// <summary>Samples with outliers beside them: what this objective is trained on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<ExposedBatch> ForTraining(ISampleSource<LabelledBatch> data) => _batches.Beside(data);

    /// <summary>Samples as they are: what this objective is judged on.</summary>
    /// <param name="data">The samples.</param>
    public ISampleSource<ExposedBatch> ForEvaluation(ISampleSource<LabelledBatch> data) => ExposedBatches.Alone(data);

    /// <inheritdoc/>
    public override LossSum Step(ExposedBatch batch, TrainingState state)
    {
        long read = batch.Inputs.shape[1] - 1;
        (Tensor said, Tensor saidOfForeign) = _batches.Through(batch, windows => _model.call(windows.narrow(1, 0, read))); // [n, m, V] each
        (Tensor next, long tokens) = Next(said, batch.Inputs.narrow(1, 1, read));
        Tensor foreign = OutlierLosses.UniformCrossEntropy(saidOfForeign.flatten(0, 1));
        Tensor mean = foreign.mean();
        if (_model.Encoder.PadToken is { } pad)
        {
            Tensor counts = batch.Outliers!.narrow(1, 1, read).flatten().ne(pad).to(foreign.dtype);
            mean = (foreign * counts).sum() / counts.sum().clamp_min(1);
        }

        return new LossSum(next + (_weight * tokens * mean), tokens);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<ExposedBatch> data, EvaluationContext context)
    {
        using var noGradients = torch.no_grad();
        double sum = 0;
        long tokens = 0;
        var scores = new List<double>();
        foreach (ExposedBatch batch in data.InBatches(EvaluationBatch))
        {
            using var scope = torch.NewDisposeScope();
            Tensor windows = batch.Inputs;
            if (scores.Count < Watched)
                scores.AddRange(Scores(windows.narrow(0, 0, Math.Min(windows.shape[0], Watched - scores.Count))));
            long read = windows.shape[1] - 1;
            (Tensor loss, long count) = Next(_model.call(windows.narrow(1, 0, read)), windows.narrow(1, 1, read));
            sum += loss.ToDouble();
            tokens += count;
        }

        return new Dictionary<string, double>
        {
            ["loss"] = sum / tokens,
            ["perplexity"] = Perplexity.Of(sum, tokens),
            ["outlierAuroc"] = Auroc.Of(Scores(_outliers.First(Watched).Inputs), [.. scores]),
        };
    }

    // Summed over the tokens that are none to pad with; how many they are.
    private (Tensor Sum, long Tokens) Next(Tensor logits, Tensor next)
    {
        Tensor each = functional.cross_entropy(logits.flatten(0, 1), next.flatten(), reduction: Reduction.None);
        if (_model.Encoder.PadToken is not { } pad)
            return (each.sum(), each.shape[0]);
        Tensor counts = next.flatten().ne(pad);
        return ((each * counts.to(each.dtype)).sum(), counts.sum().ToInt64());
    }

    private double[] Scores(Tensor windows)
    {
        using var scope = torch.NewDisposeScope();
        return new LanguageDetector(_model).Score(windows).data<double>().ToArray();
    }
}
