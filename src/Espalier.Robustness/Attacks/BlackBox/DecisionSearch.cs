using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The samples of an attack that sees labels only: it asks for decisions within each sample's queries and remembers the
/// nearest adversarial inputs.
/// </summary>
internal sealed class DecisionSearch
{
    private readonly RowState _closest;
    private readonly RowState _distance;
    private readonly RowState _left;

    public DecisionSearch(AttackedBatch batch, ActiveSamples active, int queries)
    {
        (Batch, Active) = (batch, active);
        _closest = active.Track(active.Clean.clone());
        _distance = active.Track(torch.full(active.Count, double.PositiveInfinity, dtype: active.Clean.dtype, device: active.Clean.device));
        // One was the look at the clean input.
        _left = active.Track(torch.full(active.Count, queries - 1, dtype: torch.int64, device: active.Clean.device));
    }

    public AttackedBatch Batch { get; }

    public ActiveSamples Active { get; }

    /// <summary>The nearest adversarial inputs so far, [active, ...]; the clean ones where there is none.</summary>
    public Tensor Closest => _closest.Value;

    /// <summary>Their distances, [active]; infinite where there is none.</summary>
    public Tensor Distance => _distance.Value;

    /// <summary>Queries that each sample has left, [active], int64.</summary>
    public Tensor Left => _left.Value;

    /// <summary>Features of an input.</summary>
    public long Features => Active.Clean.numel() / Active.Clean.shape[0];

    /// <summary>Sizes of perturbations of the active samples, [active].</summary>
    public Tensor SizeOf(Tensor x) => Perturbations.Size(Batch.Norm, x - Active.Clean, Batch.Scales);

    /// <summary>Inputs cut at the model's bounds, their masked features those of the clean inputs.</summary>
    public Tensor Legal(Tensor x) =>
        Batch.Target.Classifier.Bounds.Clamp(Batch.Scales is { } scales ? torch.where(scales.eq(0), Active.Clean, x) : x);

    /// <summary>Whether inputs fool the model, [active], bool.</summary>
    /// <param name="x">[active, ...], legal.</param>
    /// <param name="which">[active], bool: who is asked for; all where null.</param>
    /// <returns>False for who was not asked for, or has no query left.</returns>
    public Tensor Ask(Tensor x, Tensor? which = null)
    {
        Batch.CancellationToken.ThrowIfCancellationRequested();
        Tensor asked = which is null ? Left.gt(0) : Left.gt(0).logical_and(which);
        Tensor fooled = Decided(x.unsqueeze(0), asked.unsqueeze(0)).squeeze(0);
        Tensor size = SizeOf(x);
        Tensor closer = fooled.logical_and(size.lt(Distance));
        _closest.Where(closer, x);
        _distance.Value = torch.where(closer, size, Distance);
        return fooled;
    }

    /// <summary>Whether probes around the samples fool the model; these are not remembered.</summary>
    /// <param name="x">[k, active, ...], legal.</param>
    /// <param name="asked">[k, active], bool: which of them are asked for, no more than each sample has left.</param>
    /// <returns>[k, active], bool; false where not asked.</returns>
    public Tensor Decided(Tensor x, Tensor asked)
    {
        Tensor fooled = torch.zeros(asked.shape, dtype: torch.@bool, device: asked.device).flatten();
        Tensor which = asked.flatten().nonzero().flatten();
        if (which.shape[0] == 0)
            return fooled.view(asked.shape);
        Tensor predicted = Batch.Target.Predict(x.flatten(0, 1).index_select(0, which));
        Tensor sample = which.remainder(Active.Count);
        Tensor wanted = (Active.Targets ?? Active.Labels).index_select(0, sample);
        fooled.index_copy_(0, which, Active.Targets is null ? predicted.ne(wanted) : predicted.eq(wanted));
        Tensor each = asked.to(torch.int64).sum([0]);
        _left.Value = Left - each;
        Batch.CountQueries(Active, each);
        return fooled.view(asked.shape);
    }

    /// <summary>Goes from adversarial inputs toward the clean ones, as far as they stay adversarial, by bisection.</summary>
    /// <param name="x">[active, ...], adversarial.</param>
    /// <param name="steps">How often the way is halved.</param>
    /// <param name="which">[active], bool: who goes; all where null.</param>
    /// <returns>[active, ...], adversarial.</returns>
    public Tensor ToBoundary(Tensor x, int steps, Tensor? which = null)
    {
        Tensor size = SizeOf(x);
        Tensor low = torch.zeros_like(size), high = torch.ones_like(size);
        Tensor found = x;
        for (int step = 0; step < steps; step++)
        {
            Tensor middle = (low + high) / 2;
            Tensor candidate = Legal(Between(x, size, middle));
            Tensor fooled = Ask(candidate, which);
            found = torch.where(Perturbations.PerSample(fooled, x), candidate, found);
            (low, high) = (torch.where(fooled, low, middle), torch.where(fooled, middle, high));
        }

        return found;
    }

    /// <summary>Keeps the samples that a condition holds for; what was found for the others is handed over.</summary>
    /// <param name="condition">[active], bool.</param>
    /// <returns>Whether any are left.</returns>
    public bool KeepWhere(Tensor condition)
    {
        using var scope = torch.NewDisposeScope();
        if (condition.all().item<bool>())
            return Active.Count > 0;
        Offer(condition.logical_not());
        return Active.KeepWhere(condition);
    }

    /// <summary>Keeps the samples that may still come nearer and have not come near enough.</summary>
    /// <param name="least">How many queries it takes to go on.</param>
    public bool KeepUnfinished(int least)
    {
        using var scope = torch.NewDisposeScope();
        Tensor unfinished = Left.ge(least);
        return KeepWhere(Batch.StopWhenFooled && double.IsFinite(Batch.Epsilon) ? unfinished.logical_and(Distance.gt(Batch.Epsilon)) : unfinished);
    }

    /// <summary>Gives samples up for which no start was found: they get no more queries, and stand unless an earlier start led to a success.</summary>
    /// <param name="which">[active], bool.</param>
    public void GiveUp(Tensor which)
    {
        foreach (long row in HostValues.Longs(which.logical_and(Distance.isinf()).nonzero().flatten()))
            Batch.WithoutStart.Add(Active.Positions[row]);
        _left.Value = Left.masked_fill(which, 0);
    }

    /// <summary>Hands over what was found inside the radius.</summary>
    /// <param name="which">[active], bool; all where null.</param>
    public void Offer(Tensor? which = null)
    {
        if (Active.Count == 0)
            return;
        using var scope = torch.NewDisposeScope();
        Tensor fooled = Distance.isfinite().logical_and(Distance.le(Batch.Epsilon));
        if (which is not null)
            fooled = fooled.logical_and(which);
        // Labels have no margin: all that fool fool alike.
        Tensor margin = torch.zeros_like(Distance).masked_fill(fooled.logical_not(), double.NegativeInfinity);
        Batch.Offer(Active, Closest, new Verdict(fooled, margin, fooled));
    }

    private Tensor Between(Tensor x, Tensor size, Tensor share)
    {
        Tensor delta = x - Active.Clean;
        if (Batch.Norm != Norm.LInf)
            return Active.Clean + (delta * Perturbations.PerSample(share, x));
        Tensor reach = Perturbations.PerSample(share * size, x);
        if (Batch.Scales is { } scales)
            reach = reach * scales;
        return Active.Clean + delta.minimum(reach).maximum(-reach);
    }
}
