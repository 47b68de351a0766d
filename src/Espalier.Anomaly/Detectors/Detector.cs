using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>
/// What detectors that score a model's answer have in common: batches, no graph, double precision, and a refusal of NaN
/// scores, which a ranking would drop silently.
/// </summary>
public abstract class Detector : IAnomalyDetector
{
    private static readonly Dictionary<string, Func<IDifferentiableClassifier, Detector>> Known = new(StringComparer.Ordinal)
    {
        ["msp"] = classifier => new MaximumSoftmaxProbability(classifier),
        ["max-logit"] = classifier => new MaximumLogit(classifier),
        ["energy"] = classifier => new Energy(classifier),
        ["entropy"] = classifier => new PredictiveEntropy(classifier),
        ["uniform-ce"] = classifier => new UniformCrossEntropy(classifier),
    };

    private protected Detector(string name) => Name = name;

    /// <summary>What <see cref="Create"/> can make.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>How many inputs go through the model at once; at least 1.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>Makes a detector by name, with its paper's defaults.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="classifier">The model whose answers are scored.</param>
    /// <exception cref="NotFoundException">There is no detector of that name.</exception>
    public static Detector Create(string name, IDifferentiableClassifier classifier) =>
        Known.TryGetValue(name, out var make) ? make(classifier) : throw new NotFoundException("detector", name, Names);

    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long count = inputs.shape[0];
        Tensor scores = torch.empty(count, dtype: torch.float64);
        for (long start = 0; start < count; start += BatchSize)
        {
            using var batch = torch.NewDisposeScope();
            long size = Math.Min(BatchSize, count - start);
            scores.narrow(0, start, size).copy_(ScoreBatch(inputs.narrow(0, start, size)));
        }

        Tensor bad = scores.isnan().nonzero();
        if (bad.numel() > 0)
            throw new DataException("inputs", $"the model answers input {bad[0, 0].ToInt64()} with a NaN", "remove the input, or mend the model");
        return scores.MoveToOuterDisposeScope();
    }

    /// <param name="inputs">[batch, ...].</param>
    /// <returns>[batch].</returns>
    private protected abstract Tensor ScoreBatch(Tensor inputs);
}
