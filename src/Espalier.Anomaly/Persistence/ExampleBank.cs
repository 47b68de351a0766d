using Espalier.Errors;

namespace Espalier.Anomaly.Persistence;

/// <summary>In-distribution samples with their features, to show a person what an alarming input is nearest to.</summary>
public sealed class ExampleBank : IDisposable
{
    /// <summary>Copies samples.</summary>
    /// <param name="features">[n, D], finite.</param>
    /// <param name="ids">What each is called: a row number, a file.</param>
    /// <exception cref="ShapeException">The numbers differ.</exception>
    public ExampleBank(Tensor features, IReadOnlyList<string> ids)
    {
        if (features.dim() != 2 || features.shape[0] != ids.Count || ids.Count == 0)
            throw new ShapeException("the examples' features", features.shape, $"[{ids.Count}, D], one row per id and at least one");
        using var scope = torch.NewDisposeScope();
        Features = features.detach().cpu().to(torch.float32).clone().DetachFromDisposeScope();
        Ids = [.. ids];
    }

    /// <summary>[n, D], float32, on the CPU.</summary>
    public Tensor Features { get; }

    /// <summary>What each is called.</summary>
    public IReadOnlyList<string> Ids { get; }

    /// <summary>The nearest samples by Euclidean distance of features.</summary>
    /// <param name="features">[m, D].</param>
    /// <param name="count">How many, at least 1; all where there are fewer.</param>
    /// <returns>For each row the samples, nearest first.</returns>
    /// <exception cref="ShapeException">The features have another width.</exception>
    public IReadOnlyList<IReadOnlyList<NearestExample>> Nearest(Tensor features, int count = 3)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        if (features.dim() != 2 || features.shape[1] != Features.shape[1])
            throw new ShapeException("features", features.shape, $"[m, {Features.shape[1]}], as the examples");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor rows = features.cpu().to(torch.float64);
        Tensor own = Features.to(torch.float64);
        Tensor squared = rows.pow(2).sum([1L], keepdim: true) + own.pow(2).sum([1L]) - (2 * rows.matmul(own.t()));
        (Tensor values, Tensor places) = squared.clamp_min(0).sqrt().topk(Math.Min(count, Ids.Count), 1, largest: false);
        double[] distances = values.contiguous().data<double>().ToArray();
        long[] which = places.contiguous().data<long>().ToArray();
        int each = (int)values.shape[1];
        return [.. Enumerable.Range(0, (int)values.shape[0]).Select(r =>
            (IReadOnlyList<NearestExample>)[.. Enumerable.Range(r * each, each).Select(i => new NearestExample(Ids[(int)which[i]], distances[i]))])];
    }

    /// <inheritdoc/>
    public void Dispose() => Features.Dispose();
}
