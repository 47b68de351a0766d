namespace Espalier.Anomaly;

/// <summary>The score of a network's extra output: 1 - b where it is a confidence, the probability of the reject class where it is one.</summary>
/// <param name="network">The network; stays the caller's.</param>
/// <param name="isConfidence">Whether the extra output is the logit of a confidence; else that of a reject class.</param>
public sealed class ExtraOutputDetector(ExtraOutput network, bool isConfidence) : IAnomalyDetector
{
    private const int BatchSize = 512;

    /// <inheritdoc/>
    public string Name => isConfidence ? "confidence-branch" : "reject-class";

    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        bool wasTraining = network.training;
        network.eval();
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor scores = torch.empty(inputs.shape[0], dtype: torch.float64);
        for (long start = 0; start < inputs.shape[0]; start += BatchSize)
        {
            using var batch = torch.NewDisposeScope();
            long size = Math.Min(BatchSize, inputs.shape[0] - start);
            Tensor all = network.All(inputs.narrow(0, start, size)).cpu().to(torch.float64);
            scores.narrow(0, start, size).copy_(isConfidence ? (-all.select(1, network.Classes)).sigmoid() : all.softmax(1).select(1, network.Classes));
        }

        network.train(wasTraining);
        Tensor bad = scores.isnan().nonzero();
        if (bad.numel() > 0)
            throw new DataException("inputs", $"the model answers input {bad[0, 0].ToInt64()} with a NaN", "remove the input, or mend the model");
        return scores.MoveToOuterDisposeScope();
    }
}
