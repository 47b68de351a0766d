using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// What one pass through a classifier gave: enough for any number of score rules. On the CPU: logits in double, features as
/// the network gave them.
/// </summary>
public sealed class NetworkOutputs : IDisposable
{
    /// <summary>Takes over the tensors; the head stays the caller's.</summary>
    /// <param name="logits">[n, classes]; log-probabilities where <paramref name="hasLogits"/> is false.</param>
    /// <param name="features">[n, D], or null.</param>
    /// <param name="head">The last layer, or null.</param>
    /// <param name="hasLogits">Whether these are logits rather than log-probabilities, which are logits up to a constant per row.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public NetworkOutputs(Tensor logits, Tensor? features = null, LinearHead? head = null, bool hasLogits = true)
    {
        if (logits.dim() != 2 || logits.shape[1] < 2)
            throw new ShapeException("logits", logits.shape, "[n, classes], at least two");
        if (features is not null && (features.dim() != 2 || features.shape[0] != logits.shape[0]))
            throw new ShapeException("features", features.shape, $"[{logits.shape[0]}, D]");
        if (head is not null && features is not null && (head.Weight.shape[1] != features.shape[1] || head.Weight.shape[0] != logits.shape[1]))
            throw new ShapeException("the head's weight", head.Weight.shape, $"[{logits.shape[1]}, {features.shape[1]}]");
        Logits = logits.DetachFromDisposeScope();
        Features = features?.DetachFromDisposeScope();
        (Head, HasLogits) = (head, hasLogits);
    }

    /// <summary>[n, classes], float64.</summary>
    public Tensor Logits { get; }

    /// <summary>[n, D], float32 or float64; null where the model's features cannot be asked for.</summary>
    public Tensor? Features { get; }

    /// <summary>The last layer; null where it is not known.</summary>
    public LinearHead? Head { get; }

    /// <summary>Whether <see cref="Logits"/> are logits and not log-probabilities.</summary>
    public bool HasLogits { get; }

    /// <summary>Number of inputs.</summary>
    public long Count => Logits.shape[0];

    /// <summary>Passes inputs through a classifier.</summary>
    /// <param name="classifier">The model; an <see cref="IFeatureClassifier"/> gives features as well.</param>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="batchSize">How many go through at once, at least 1.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <exception cref="ShapeException">The inputs have another shape than the model takes.</exception>
    public static NetworkOutputs Of(IScoringClassifier classifier, Tensor inputs, int batchSize = 512, CancellationToken cancellationToken = default)
    {
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var logits = new List<Tensor>();
        var features = new List<Tensor>();
        for (long start = 0; start < inputs.shape[0] || logits.Count == 0; start += batchSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batchScope = torch.NewDisposeScope();
            Tensor batch = inputs.narrow(0, start, Math.Min(batchSize, inputs.shape[0] - start));
            if (classifier is IFeatureClassifier featured)
            {
                (Tensor z, Tensor l) = featured.FeaturesAndLogits(batch);
                features.Add(z.cpu().MoveToOuterDisposeScope());
                logits.Add(l.cpu().to(torch.float64).MoveToOuterDisposeScope());
            }
            else
            {
                logits.Add(LogitsOf(classifier, batch).cpu().to(torch.float64).MoveToOuterDisposeScope());
            }
        }

        return new NetworkOutputs(torch.cat(logits), features.Count > 0 ? torch.cat(features) : null, (classifier as IFeatureClassifier)?.Head, TellsLogits(classifier));
    }

    /// <summary>Whether a classifier tells its logits.</summary>
    internal static bool TellsLogits(IScoringClassifier classifier) => classifier is IDifferentiableClassifier or ILogitClassifier { HasLogits: true };

    /// <summary>A copy of some of the rows.</summary>
    /// <param name="rows">Which, in the order wanted.</param>
    public NetworkOutputs Select(IReadOnlyList<long> rows)
    {
        using var scope = torch.NewDisposeScope();
        Tensor index = torch.tensor(rows.ToArray());
        return new NetworkOutputs(Logits.index_select(0, index), Features?.index_select(0, index), Head, HasLogits);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Logits.Dispose();
        Features?.Dispose();
    }

    // A probability of zero, which float32 rounds to, would be an infinite logit.
    private static Tensor LogitsOf(IScoringClassifier classifier, Tensor batch) => classifier switch
    {
        IDifferentiableClassifier differentiable => differentiable.Logits(batch),
        ILogitClassifier { HasLogits: true } file => file.Logits(batch),
        _ => classifier.Probabilities(batch).to(torch.float64).clamp_min(1e-30).log(),
    };
}
