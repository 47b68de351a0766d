using Espalier.Models;

namespace Espalier.Counterfactuals.Search;

/// <summary>
/// The inputs of a batch, what their counterfactuals may be, and what the model says of these. Counts what it asks.
/// </summary>
internal sealed class CandidateSpace(IDifferentiableClassifier classifier, Tensor inputs, Tensor targets, Tensor scales, Tensor mayChange)
{
    private readonly long[] _perSample = [-1, .. Enumerable.Repeat(1L, (int)inputs.dim() - 1)];

    /// <summary>[batch, ...].</summary>
    public Tensor Inputs => inputs;

    public long Queries { get; private set; }

    public long GradientEvaluations { get; private set; }

    /// <summary>One value per sample, made to broadcast against inputs.</summary>
    public Tensor PerSample(Tensor values) => values.view(_perSample);

    /// <summary>The same space for some of the samples.</summary>
    public CandidateSpace Of(Tensor rows) => new(classifier, inputs.index_select(0, rows), targets.index_select(0, rows), scales, mayChange);

    /// <summary>The changes of candidates, in feature scales.</summary>
    public Tensor Scaled(Tensor candidates) => (candidates - inputs) / scales;

    /// <summary>The legal candidates nearest to those with these scaled changes.</summary>
    public Tensor Legal(Tensor u) => Clamped(inputs + u * scales);

    /// <summary>The candidates inside the bounds, immutable features as they were.</summary>
    public Tensor Clamped(Tensor candidates) => torch.where(mayChange, classifier.Bounds.Clamp(candidates), inputs);

    /// <summary>The log-odds of each target, [batch], without a graph.</summary>
    public Tensor LogOdds(Tensor candidates)
    {
        Queries += inputs.shape[0];
        return Validity.LogOdds(classifier.Logits(candidates), targets);
    }

    /// <summary>The log-odds, and the gradient of a loss of them with respect to scaled changes.</summary>
    public (Tensor LogOdds, Tensor Gradient) Differentiate(Tensor candidates, Func<Tensor, Tensor> loss)
    {
        using var mode = torch.enable_grad();
        Tensor leaf = candidates.detach().requires_grad_(true);
        Tensor logOdds = LogOdds(leaf);
        Tensor gradient = torch.autograd.grad([loss(logOdds).sum()], [leaf])[0];
        GradientEvaluations += inputs.shape[0];
        return (logOdds.detach(), gradient.nan_to_num(0, 0, 0) * scales);
    }
}
