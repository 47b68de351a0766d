using Espalier.Anomaly.Detectors;
using Espalier.Errors;
using Espalier.Networks.Text;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Exposure;

/// <summary>How foreign a window of tokens is to a language model; each window starts from an empty state, and pads are not guessed.</summary>
/// <param name="model">The model; stays the caller's.</param>
/// <param name="score">What tells.</param>
public sealed class LanguageDetector(CausalLanguageModel model, LanguageScore score = LanguageScore.Uniform) : IAnomalyDetector
{
    /// <summary>The name of <see cref="LanguageScore.Uniform"/>.</summary>
    public const string Uniform = "language-uniform";

    /// <summary>The name of <see cref="LanguageScore.BitsPerToken"/>.</summary>
    public const string Bits = "language-bits";

    private const int BatchSize = 64;

    /// <inheritdoc/>
    public string Name => score == LanguageScore.Uniform ? Uniform : Bits;

    /// <param name="inputs">[n, m + 1], int64: the last token is guessed and not read.</param>
    /// <returns>[n], float64; 0 of a window of pads alone.</returns>
    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        if (inputs.dim() != 2 || inputs.dtype != torch.int64 || inputs.shape[1] < 2)
            throw new ShapeException($"windows of type {inputs.dtype}", inputs.shape, "[n, at least 2], int64");
        long read = inputs.shape[1] - 1;
        return BatchedScores.Of(model, inputs, BatchSize, ids =>
        {
            Tensor logits = model.call(ids.narrow(1, 0, read)).flatten(0, 1);
            Tensor next = ids.narrow(1, 1, read);
            Tensor tokens = score == LanguageScore.Uniform
                ? -OutlierLosses.UniformCrossEntropy(logits)
                : functional.cross_entropy(logits, next.flatten(), reduction: Reduction.None) / Math.Log(2);
            Tensor perToken = tokens.view(ids.shape[0], read);
            if (model.Encoder.PadToken is not { } pad)
                return perToken.mean([1L]).cpu();
            Tensor counts = next.ne(pad).to(perToken.dtype);
            return ((perToken * counts).sum([1L]) / counts.sum([1L]).clamp_min(1)).cpu();
        });
    }
}
