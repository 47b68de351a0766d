using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Looks for inputs that fool the model, however far away: given ones, other inputs of the run, noise.</summary>
internal sealed class StartSearch
{
    private const int PurposesPerDraw = 1000;
    private const int FirstPurpose = 900_000;

    private readonly DecisionSearch _search;
    private readonly int _tries;
    private readonly List<Func<int, int, Tensor>> _sources;

    /// <param name="search">The samples.</param>
    /// <param name="given">[m, ...], or null.</param>
    /// <param name="tries">Of each kind.</param>
    /// <exception cref="ShapeException">The given points are no inputs of the model.</exception>
    public StartSearch(DecisionSearch search, Tensor? given, int tries)
    {
        (_search, _tries) = (search, tries);
        long[] shape = search.Active.Clean.shape;
        if (given is not null && (given.dim() != shape.Length || given.shape[0] == 0 || !given.shape.AsSpan(1).SequenceEqual(shape.AsSpan(1))))
            throw new ShapeException("starting points", given.shape, $"[at least 1, {string.Join(", ", shape[1..])}]");
        _sources = [.. new[] { given, search.Batch.Target.StartingInputs() }.OfType<Tensor>().Select(Pool), Noise];
    }

    /// <summary>
    /// An adversarial input for each sample; for those without a query left, and for those for which nothing fools the model, which are given
    /// up, the clean one.
    /// </summary>
    /// <param name="draw">Another draw, another input.</param>
    public Tensor Find(int draw)
    {
        Tensor found = _search.Active.Clean;
        Tensor pending = _search.Left.gt(0);
        foreach (Func<int, int, Tensor> source in _sources)
        {
            for (int attempt = 0; attempt < _tries && pending.any().item<bool>(); attempt++)
            {
                Tensor candidate = _search.Legal(source(draw, attempt));
                Tensor fooled = _search.Ask(candidate, pending);
                found = torch.where(Perturbations.PerSample(fooled, found), candidate, found);
                pending = pending.logical_and(fooled.logical_not()).logical_and(_search.Left.gt(0));
            }
        }

        if (pending.any().item<bool>())
            _search.GiveUp(pending);
        return found;
    }

    private Tensor Noise(int draw, int attempt)
    {
        (AttackedBatch batch, ActiveSamples active) = (_search.Batch, _search.Active);
        InputBounds bounds = batch.Target.Classifier.Bounds;
        ExampleRandom random = batch.Random(active, FirstPurpose + (draw * PurposesPerDraw) + attempt);
        if (!double.IsFinite(bounds.Lower) || !double.IsFinite(bounds.Upper))
            return active.Clean + (random.Normal(active.Clean) * Math.Pow(2, attempt % 10));
        Tensor lower = bounds.LowerTensor(active.Clean);
        return lower + (random.Uniform(active.Clean, 0, 1) * (bounds.UpperTensor(active.Clean) - lower));
    }

    // The first draw takes the nearest first, which leave the shortest way; others take them in an order of their own.
    private Func<int, int, Tensor> Pool(Tensor pool)
    {
        Tensor clean = _search.Active.Clean;
        long stride = Math.Max(1, pool.shape[0] / _tries);
        Tensor rows = torch.arange(0, pool.shape[0], stride, device: pool.device);
        Tensor some = pool.index_select(0, rows).to(clean.dtype, clean.device);
        Lazy<Tensor> byDistance = new(() => torch.cdist(clean.flatten(1), some.flatten(1)).argsort(1));
        return (draw, attempt) =>
        {
            int place = attempt % (int)some.shape[0];
            return some.index_select(0, draw == 0 ? byDistance.Value.select(1, place) : Turned(draw, place, (int)some.shape[0]));
        };
    }

    private Tensor Turned(int draw, int place, int count)
    {
        ExampleRandom random = _search.Batch.Random(_search.Active, FirstPurpose + (draw * PurposesPerDraw));
        long[] rows = new long[_search.Active.Count];
        for (int i = 0; i < rows.Length; i++)
        {
            SplitMix64 stream = random.Stream(i);
            rows[i] = (stream.NextBelow(count) + place) % count;
        }

        return torch.tensor(rows, device: _search.Active.Clean.device);
    }
}
