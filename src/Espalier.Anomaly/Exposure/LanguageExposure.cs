using Espalier.Data;
using Espalier.Networks;
using Espalier.Training;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly;

/// <summary>
/// A language model that says less of foreign text: the cross-entropy of the next token, plus λ times H(U; p_t) averaged over the positions of foreign windows
/// (Hendrycks et al. 2019, section 4.4). Windows start from an empty state. Judged by <c>loss</c>, nats a token.
/// </summary>
public sealed class LanguageExposure : Objective
{
    private readonly CausalLanguageModel _model;
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
        (_model, _weight) = (model, weight);
        _batches = new ExposedBatches(train, outliers, 1, seed);
    }

    /// <inheritdoc/>
    public override Module Model => _model;

    /// <inheritdoc/>
    public override Batch Prepare(Batch batch) => _batches.Beside(batch);

    /// <inheritdoc/>
    public override LossSum Step(Batch batch, TrainingState state)
    {
        long read = batch.Inputs.shape[1] - 1;
        (Tensor said, Tensor saidOfForeign) = _batches.Through(batch, windows => _model.call(windows.narrow(1, 0, read))); // [n, m, V] each
        (Tensor own, Tensor foreign) = (said.flatten(0, 1), saidOfForeign.flatten(0, 1));
        Tensor next = functional.cross_entropy(own, batch.Inputs.narrow(1, 1, read).flatten(), reduction: Reduction.Sum);
        long tokens = batch.Count * read;
        return new LossSum(next + (_weight * tokens * OutlierLosses.UniformCrossEntropy(foreign).mean()), tokens);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(Dataset data)
    {
        using var scope = torch.NewDisposeScope();
        Tensor bits = new LanguageDetector(_model, LanguageScore.BitsPerToken).Score(data.All().Inputs);
        return new Dictionary<string, double> { ["loss"] = bits.mean().ToDouble() * Math.Log(2) };
    }
}
