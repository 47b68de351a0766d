using Espalier.Errors;
using Espalier.Models;
using Module = TorchSharp.torch.nn.Module;

namespace Espalier.Anomaly.Detectors;

/// <summary>Scores inputs with a module of one's own, batch by batch, in evaluation mode and without a graph.</summary>
internal static class BatchedScores
{
    /// <summary>The scores of all inputs.</summary>
    /// <param name="module">What scores; its mode is as before afterwards.</param>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="batchSize">How many go through at once, at least 1.</param>
    /// <param name="score">From [batch, ...] to [batch].</param>
    /// <returns>[n], float64, on the CPU; in the caller's dispose scope.</returns>
    /// <exception cref="OptionsException">The batch size is below 1.</exception>
    /// <exception cref="DataException">A score is NaN.</exception>
    public static Tensor Of(Module module, Tensor inputs, int batchSize, Func<Tensor, Tensor> score)
    {
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        using ModuleModes modes = ModuleModes.Evaluate(module);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor scores = torch.empty(inputs.shape[0], dtype: torch.float64);
        for (long start = 0; start < inputs.shape[0]; start += batchSize)
        {
            using var batch = torch.NewDisposeScope();
            long size = Math.Min(batchSize, inputs.shape[0] - start);
            scores.narrow(0, start, size).copy_(score(inputs.narrow(0, start, size)));
        }

        Tensor bad = scores.isnan().nonzero();
        if (bad.numel() > 0)
            throw new DataException("inputs", $"the model answers input {bad[0, 0].ToInt64()} with a NaN", "remove the input, or mend the model");
        return scores.MoveToOuterDisposeScope();
    }
}
