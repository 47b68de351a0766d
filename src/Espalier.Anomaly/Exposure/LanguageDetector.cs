using Espalier.Networks;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly;

/// <summary>How foreign a window of tokens is to a language model; each window starts from an empty state.</summary>
/// <param name="model">The model; stays the caller's.</param>
/// <param name="score">What tells.</param>
public sealed class LanguageDetector(CausalLanguageModel model, LanguageScore score = LanguageScore.Uniform) : IAnomalyDetector
{
    private const int BatchSize = 64;

    /// <inheritdoc/>
    public string Name => score == LanguageScore.Uniform ? "language-uniform" : "language-bits";

    /// <param name="inputs">[n, m + 1], int64: the last token is guessed and not read.</param>
    /// <returns>[n], float64.</returns>
    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        if (inputs.dim() != 2 || inputs.dtype != torch.int64 || inputs.shape[1] < 2)
            throw new ShapeException($"windows of type {inputs.dtype}", inputs.shape, "[n, at least 2], int64");
        long read = inputs.shape[1] - 1;
        return BatchedScores.Of(model, inputs, BatchSize, ids =>
        {
            Tensor logits = model.call(ids.narrow(1, 0, read)).flatten(0, 1);
            Tensor tokens = score == LanguageScore.Uniform
                ? -OutlierLosses.UniformCrossEntropy(logits)
                : functional.cross_entropy(logits, ids.narrow(1, 1, read).flatten(), reduction: Reduction.None) / Math.Log(2);
            return tokens.view(ids.shape[0], read).mean([1L]).cpu();
        });
    }
}
