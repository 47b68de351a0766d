using Espalier.Onnx.Graph;

namespace Espalier.Onnx.Observation;

/// <summary>
/// Explains a value by what was known before it: the value itself, a function of one or two known values, or two such
/// functions one after the other. A hypothesis is believed only if it gives the same numbers in both runs; one that gives
/// them to the bit goes before one that rounds differently.
/// </summary>
internal sealed class GlueSearch(IReadOnlyList<TracedValue> constants) : IDisposable
{
    /// <summary>How far a different order of the same arithmetic may lie off, relative to the greatest value.</summary>
    private const double Rounding = 3e-7;

    /// <summary>Elements computed before a search is given up: some ten seconds.</summary>
    private const long Patience = 10_000_000_000;

    private readonly List<TracedValue> _known = [];
    private readonly List<Tensor> _owned = [];
    private long _spent;
    private bool _rectified;
    private (double Difference, TracedValue Value)? _nearest;

    /// <summary>The values that came before, oldest first.</summary>
    public IReadOnlyList<TracedValue> Known => [.. _known, .. constants];

    public void Add(TracedValue value)
    {
        if (!_known.Contains(value))
            _known.Add(value);
    }

    /// <summary>The value as a function of known ones, or null.</summary>
    public TracedValue? Explain(TracedPair target)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        (_spent, _nearest) = (0, null);
        _rectified = target.First.is_floating_point() && target.First.numel() > 0 && target.First.min().ToDouble() == 0 && target.First.eq(0).any().item<bool>();
        TracedValue[] values = [.. Enumerable.Reverse(_known), .. constants];
        if (values.FirstOrDefault(v => IsSame(v.First, target.First) && IsSame(v.Second, target.Second)) is { } known)
            return known;
        return (LastStep(values, values, target) ?? TwoSteps(values, target) ?? _nearest?.Value) is { } found
            ? new TracedValue(new TracedPair(Kept(found.First), Kept(found.Second)), "a value between its children", found.Emit)
            : null;
    }

    public void Dispose()
    {
        foreach (Tensor tensor in _owned)
            tensor.Dispose();
    }

    // A value that is to be known later on outlives the search that found it.
    private Tensor Kept(Tensor tensor)
    {
        Tensor copy = tensor.clone().DetachFromDisposeScope();
        _owned.Add(copy);
        return copy;
    }

    private TracedValue? TwoSteps(TracedValue[] values, TracedPair target)
    {
        // The intermediate value is computed, tried and dropped: together they would not fit into memory.
        foreach (TracedValue middle in Middles(values))
        {
            if (_spent > Patience)
                return null;
            using (var scope = torch.NewDisposeScope())
            {
                if (LastStep([middle], values, target) is { } found)
                    return new TracedValue(new TracedPair(Kept(found.First), Kept(found.Second)), "", found.Emit);
            }

            middle.Drop();
        }

        return null;
    }

    private IEnumerable<TracedValue> Middles(TracedValue[] values)
    {
        foreach (TracedValue a in values)
        {
            for (int j = 0; j < values.Length; j++)
            {
                foreach (TracedValue aligned in Aligned(a, values[j]))
                {
                    foreach (PairGlue glue in PairGlue.Elementwise)
                    {
                        if (Computed(a, aligned, glue) is { } pair)
                            yield return pair;
                    }
                }

                foreach (PairGlue glue in PairGlue.Products)
                {
                    if (Computed(a, values[j], glue) is { } product)
                        yield return product;
                }
            }

            foreach (Glue glue in Glue.Same((int)a.First.dim()).Concat(Glue.Reshaping(a.Shape)))
            {
                if (Computed(a, glue) is { } single)
                    yield return single;
            }
        }
    }

    private TracedValue? LastStep(TracedValue[] lefts, TracedValue[] rights, TracedPair target)
    {
        foreach (TracedValue left in lefts)
        {
            if (left.First.dtype != target.First.dtype)
                continue;
            bool sameShape = left.First.shape.SequenceEqual(target.First.shape);
            IEnumerable<Glue> singles = sameShape ? Glue.Same((int)left.First.dim()).Append(Factor(left, target)).OfType<Glue>() : Glue.Reshaping(left.Shape);
            foreach (Glue glue in singles)
            {
                if (Fits(Computed(left, glue), target) is { } found)
                    return found;
            }

            if (left.First.numel() == target.First.numel() && left.Second.numel() == target.Second.numel())
            {
                IReadOnlyList<long> shape = target.Shape;
                var reshaped = new TracedValue(left.First.reshape(target.First.shape), () => left.Second.reshape(target.Second.shape), "", g => g.Reshape(left.Emit(g), shape));
                if (Fits(reshaped, target) is { } found)
                    return found;
            }

            foreach (TracedValue right in rights)
            {
                if (Pair(left, right, target) is { } found)
                    return found;
            }
        }

        return null;
    }

    private TracedValue? Pair(TracedValue left, TracedValue right, TracedPair target)
    {
        foreach (TracedValue aligned in Aligned(left, right))
        {
            if (!BroadcastTo(left.First.shape, aligned.First.shape, target.First.shape))
                continue;
            foreach (PairGlue glue in PairGlue.Elementwise)
            {
                if (Fits(Computed(left, aligned, glue), target) is { } found)
                    return found;
                if (!glue.Symmetric && Fits(Computed(aligned, left, glue), target) is { } reversed)
                    return reversed;
            }
        }

        (long[] a, long[] b, long[] t) = (left.First.shape, right.First.shape, target.First.shape);
        foreach (PairGlue glue in PairGlue.Products)
        {
            if (Fits(Computed(left, right, glue), target) is { } product)
                return product;
            if (Fits(Computed(right, left, glue), target) is { } reversed)
                return reversed;
        }

        for (int d = 0; d < t.Length && a.Length == t.Length && b.Length == t.Length; d++)
        {
            if (a[d] + b[d] != t[d])
                continue;
            if (Fits(Computed(left, right, PairGlue.Concatenation(d)), target) is { } joined)
                return joined;
            if (Fits(Computed(right, left, PairGlue.Concatenation(d)), target) is { } reversed)
                return reversed;
        }

        return null;
    }

    // The right value as it is, and as a gate: through a sigmoid, and with dimensions of size 1 behind, where a gate per
    // channel meets an image.
    private static IEnumerable<TracedValue> Aligned(TracedValue left, TracedValue right)
    {
        if (left.First.dtype != right.First.dtype || !right.First.is_floating_point())
            yield break;

        // Both at once: these outlive the scope in which they are first asked for.
        TracedValue gate = new(new TracedPair(right.First.sigmoid(), right.Second.sigmoid()), "", g => g.Sigmoid(right.Emit(g)));
        foreach (TracedValue value in (TracedValue[])[right, gate])
        {
            yield return value;
            long missing = left.First.dim() - right.First.dim();
            if (missing <= 0 || right.First.dim() < 1)
                continue;
            long[] ones = [.. Enumerable.Repeat(1L, (int)missing)];
            IReadOnlyList<long> shape = [.. right.Shape, .. ones];
            yield return new TracedValue(new TracedPair(value.First.reshape([.. right.First.shape, .. ones]), value.Second.reshape([.. right.Second.shape, .. ones])), "", g => g.Reshape(value.Emit(g), shape));
        }
    }

    // One factor for every element, read off the greatest one.
    private static Glue? Factor(TracedValue left, TracedPair target)
    {
        if (!left.First.is_floating_point() || left.First.numel() == 0)
            return null;
        using var scope = torch.NewDisposeScope();
        Tensor flat = left.First.flatten();
        Tensor at = flat.abs().argmax();
        double divisor = flat[at].ToDouble();
        double factor = divisor == 0 ? 0 : target.First.flatten()[at].ToDouble() / divisor;
        return double.IsFinite(factor) && factor != 0 && Math.Abs(factor - 1) > 1e-6 ? new Glue(t => t * factor, (g, v) => g.Scale(v, factor)) : null;
    }

    private TracedValue? Computed(TracedValue value, Glue glue) => value.First.is_floating_point()
        ? Counted(new TracedValue(glue.Compute(value.First), () => glue.Compute(value.Second), "", g => glue.Emit(g, value.Emit(g))))
        : null;

    private TracedValue? Computed(TracedValue left, TracedValue right, PairGlue glue)
    {
        return left.First.dtype == right.First.dtype && left.First.is_floating_point() && glue.Accepts(left.First.shape, right.First.shape)
            ? Counted(new TracedValue(glue.Compute(left.First, right.First), Second, "", g => glue.Emit(g, left.Emit(g), right.Emit(g))))
            : null;

        Tensor Second() => glue.Accepts(left.Second.shape, right.Second.shape) ? glue.Compute(left.Second, right.Second) : torch.empty(0);
    }

    private TracedValue Counted(TracedValue value)
    {
        _spent += value.First.numel();
        return value;
    }

    // The hypothesis, or what is left of it where only a rectifier is missing; one that falls is freed.
    private TracedValue? Fits(TracedValue? value, TracedPair target)
    {
        if (value is null)
            return null;
        if (value.First.dtype == target.First.dtype && value.First.shape.SequenceEqual(target.First.shape))
        {
            if (IsSame(value.First, target.First) && IsSame(value.Second, target.Second))
                return value;

            // A rectifier often closes a sum; what it cut off shows as zeros.
            if (_rectified && IsRectified(value.First, target.First) && IsRectified(value.Second, target.Second))
                return new TracedValue(target, "", g => g.Relu(value.Emit(g)));
            Remember(value, target);
        }

        value.Drop();
        return null;
    }

    private void Remember(TracedValue value, TracedPair target)
    {
        double difference = Difference(value.First, target.First);
        if (difference > Rounding || (_nearest is { } nearest && nearest.Difference <= difference) || !value.Second.shape.SequenceEqual(target.Second.shape))
            return;
        difference = Math.Max(difference, Difference(value.Second, target.Second));
        if (difference <= Rounding && (_nearest is null || difference < _nearest.Value.Difference))
            _nearest = (difference, new TracedValue(new TracedPair(Kept(value.First), Kept(value.Second)), "", value.Emit));
    }

    private static bool IsRectified(Tensor value, Tensor target)
    {
        using Tensor rectified = value.relu();
        return IsSame(rectified, target);
    }

    private static bool IsSame(Tensor a, Tensor b)
    {
        if (a.dtype != b.dtype || !a.shape.SequenceEqual(b.shape))
            return false;
        using var scope = torch.NewDisposeScope();
        return a.eq(b).all().item<bool>();
    }

    private static double Difference(Tensor a, Tensor b)
    {
        if (!a.is_floating_point() || a.numel() == 0)
            return double.PositiveInfinity;
        using var scope = torch.NewDisposeScope();
        double difference = (a - b).abs().max().ToDouble() / Math.Max(1e-30, b.abs().max().ToDouble());
        return double.IsNaN(difference) ? double.PositiveInfinity : difference;
    }

    private static bool BroadcastTo(long[] a, long[] b, long[] shape)
    {
        if (Math.Max(a.Length, b.Length) != shape.Length)
            return false;
        for (int i = 1; i <= shape.Length; i++)
        {
            long x = i <= a.Length ? a[^i] : 1;
            long y = i <= b.Length ? b[^i] : 1;
            if (Math.Max(x, y) != shape[^i] || (x != y && x != 1 && y != 1))
                return false;
        }

        return true;
    }
}
