using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// The smallest adversarial input found so far for each sample of a batch, measured from where the stage begins. Its
/// tensors live in the scope that it is made in.
/// </summary>
internal sealed class SmallestAdversarials
{
    private readonly AttackedBatch _batch;
    private readonly double _radius;
    private readonly Tensor _inputs;
    private readonly Tensor _distance;
    private readonly Tensor _margin;

    public SmallestAdversarials(AttackedBatch batch, double radius)
    {
        (_batch, _radius) = (batch, radius);
        _inputs = batch.Start.clone();
        _distance = torch.full(batch.Start.shape[0], double.PositiveInfinity, dtype: batch.Start.dtype, device: batch.Start.device);
        _margin = torch.zeros_like(_distance);
    }

    /// <summary>The samples worth going on with: those that stand, or with <see cref="AttackedBatch.StopWhenFooled"/> off all that stood.</summary>
    /// <returns>Null where there are none. The caller's to dispose.</returns>
    public ActiveSamples? Activate()
    {
        ActiveSamples? active = _batch.Activate(_radius);
        if (active is null || Keep(active))
            return active;
        active.Dispose();
        return null;
    }

    /// <summary>Takes over the iterates that fool and lie nearer than what is known.</summary>
    /// <param name="active">The samples.</param>
    /// <param name="x">[active, ...], inside the model's bounds.</param>
    /// <param name="verdict">What the model says of them.</param>
    /// <param name="confidence">The least margin.</param>
    /// <returns>[active], bool: whether the iterate fools with that margin.</returns>
    public Tensor Consider(ActiveSamples active, Tensor x, Verdict verdict, double confidence = 0)
    {
        using var scope = torch.NewDisposeScope();
        Tensor fooled = confidence > 0 ? verdict.Fooled.logical_and(verdict.Margin.ge(confidence)) : verdict.Fooled;
        Tensor distance = Perturbations.Size(_batch.Norm, x - active.Start, _batch.Scales);
        Tensor which = fooled.logical_and(distance.lt(_distance.index_select(0, active.Rows))).nonzero().flatten();
        if (which.shape[0] > 1 && active.IsStacked)
            which = Nearest(which, active, distance);
        if (which.shape[0] > 0)
        {
            Tensor rows = active.Rows.index_select(0, which);
            _inputs.index_copy_(0, rows, x.index_select(0, which));
            _distance.index_copy_(0, rows, distance.index_select(0, which));
            _margin.index_copy_(0, rows, verdict.Margin.to(_margin.dtype).index_select(0, which));
        }

        return fooled.MoveToOuterDisposeScope();
    }

    // Of several rows of one sample the nearest, of equals the first.
    private static Tensor Nearest(Tensor which, ActiveSamples active, Tensor distance)
    {
        double[] distances = HostValues.Doubles(distance.index_select(0, which));
        IEnumerable<long> nearest = HostValues.Longs(which).Select((row, i) => (Row: row, Distance: distances[i]))
            .GroupBy(r => active.Positions[r.Row], (_, rows) => rows.MinBy(r => r.Distance).Row);
        return torch.tensor(nearest.ToArray(), device: which.device);
    }

    /// <summary>The least distances found, [active]; infinite where nothing was.</summary>
    public Tensor DistanceOf(ActiveSamples active) => _distance.index_select(0, active.Rows);

    /// <summary>Lets go of the samples that are fooled well enough, where the attack is to stop with them.</summary>
    /// <returns>Whether any are left.</returns>
    public bool Keep(ActiveSamples active)
    {
        if (!_batch.StopWhenFooled)
            return true;
        using var scope = torch.NewDisposeScope();
        return active.KeepWhere(IsInside(active.Rows).logical_not());
    }

    /// <summary>Bisects the lines between the starts and what was found.</summary>
    public void Refine(int steps)
    {
        if (steps == 0 || RowsWhere(_distance.isfinite()) is not { } rows)
            return;
        using var active = new ActiveSamples(_batch, rows, _radius);
        RowState near = active.Track(torch.zeros(active.Count, dtype: _inputs.dtype, device: _inputs.device));
        RowState far = active.Track(torch.ones_like(near.Value));
        RowState end = active.Track(_inputs.index_select(0, rows));
        for (int step = 0; step < steps && Keep(active); step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor middle = (near.Value + far.Value) / 2;
            Tensor x = _batch.Target.Classifier.Bounds.Clamp(active.Start + Perturbations.PerSample(middle, active.Start) * (end.Value - active.Start));
            Verdict verdict = _batch.Climb(active, x, scores => scores.select(1, 0), gradient: false, offer: false).Verdict;
            Tensor fooled = Consider(active, x, verdict);
            near.Value = torch.where(fooled, near.Value, middle);
            far.Value = torch.where(fooled, middle, far.Value);
        }
    }

    /// <summary>Hands on what lies inside the region.</summary>
    public void OfferInside()
    {
        if (RowsWhere(IsInside(Everything())) is not { } rows)
            return;
        using var active = new ActiveSamples(_batch, rows, _radius);
        Tensor fooled = torch.ones(active.Count, dtype: torch.@bool, device: _inputs.device);
        _batch.Offer(active, _inputs.index_select(0, rows), new Verdict(fooled, _margin.index_select(0, rows), fooled));
    }

    /// <summary>Brings what lies further into the region, looks at it once more and hands it on.</summary>
    public void OfferOutside()
    {
        if (RowsWhere(_distance.isfinite().logical_and(IsInside(Everything()).logical_not())) is not { } rows)
            return;
        using var active = new ActiveSamples(_batch, rows, _radius);
        _batch.Judge(active, active.Region.Project(_inputs.index_select(0, rows)));
    }

    // A point inside is not projected: rounding alone could bring it back over the boundary that it hugs.
    private Tensor IsInside(Tensor rows)
    {
        Tensor inside = _distance.index_select(0, rows).le(_radius).logical_and(_distance.index_select(0, rows).isfinite());
        if (!_batch.IsChained)
            return inside;
        Tensor fromClean = Perturbations.Size(_batch.Norm, (_inputs - _batch.Clean).index_select(0, rows), _batch.Scales);
        return inside.logical_and(fromClean.le(_batch.Epsilon));
    }

    private Tensor Everything() => torch.arange(_distance.shape[0], device: _distance.device);

    private static Tensor? RowsWhere(Tensor condition)
    {
        Tensor rows = condition.nonzero().flatten();
        return rows.shape[0] == 0 ? null : rows;
    }
}
