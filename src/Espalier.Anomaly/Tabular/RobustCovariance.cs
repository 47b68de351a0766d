using System.Runtime.Intrinsics;
using Espalier.Anomaly.Statistics;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// The squared Mahalanobis distance from a mean and covariance that outliers among the training rows cannot move: those of the
/// half of the rows with the smallest determinant (FastMCD; Rousseeuw and Van Driessen 1999), scaled to be right for Gaussian rows
/// and reweighted over the rows within the 97.5 % ellipsoid.
/// </summary>
public sealed class RobustCovariance : TabularDetector
{
    private const int SubsetRows = 300;
    private const int MostSubsets = 5;
    private const int Kept = 10;
    private const int MostSteps = 100;
    private const double OuterTail = 0.025;
    private const int Tile = 16;
    private const int TilesPerBlock = 64;

    private readonly RobustCovarianceOptions _options;
    private double[] _location = [];
    private double[] _whitening = [];       // L⁻¹ of the covariance LLᵀ, [columns × columns]

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public RobustCovariance(RobustCovarianceOptions? options = null) : base("robust-covariance", standardizes: false)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        (int n, int d) = (rows.Count, rows.Width);
        OptionsException.Require(n > d + 1, "rows", n, $"must be above {d + 1} for {d} varying columns: a covariance needs more rows than columns");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor raw = rows.ToTensor();

        // Distances do not depend on the columns' units, the rounding does.
        Tensor shift = raw.mean([0]);
        Tensor scale = (raw - shift).square().mean([0]).sqrt();
        Tensor x = (raw - shift) / scale;
        Ellipsoid fitted;
        if (_options.Support == 1)
        {
            fitted = Of(x);
        }
        else
        {
            fitted = Smallest(x, cancellationToken);
            Tensor distances = fitted.Distances(x);
            double correction = Median(distances) / SpecialFunctions.ChiSquareQuantile(d, 0.5);
            Tensor inside = distances.lt(SpecialFunctions.ChiSquareQuantile(d, OuterTail) * correction).nonzero().squeeze(1);
            if (inside.shape[0] > d + 1)
                fitted = Of(x.index_select(0, inside));
        }

        _location = (fitted.Location * scale + shift).data<double>().ToArray();
        _whitening = (fitted.Whitening / scale).contiguous().data<double>().ToArray();
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        double[] scores = new double[rows.Count];
        int tiles = (rows.Count + Tile - 1) / Tile;
        Parallel.For(0, (tiles + TilesPerBlock - 1) / TilesPerBlock, block =>
        {
            double[] centred = new double[rows.Width * Tile];               // [columns, rows of a tile]
            for (int tile = block * TilesPerBlock; tile < Math.Min(tiles, (block + 1) * TilesPerBlock); tile++)
                ScoreTile(rows, tile * Tile, centred, scores);
        });
        return scores;
    }

    // ‖L⁻¹(x − μ)‖² of sixteen rows at once; L⁻¹ is lower triangular.
    private void ScoreTile(TabularRows rows, int start, double[] centred, double[] scores)
    {
        int width = rows.Width;
        int count = Math.Min(Tile, rows.Count - start);
        for (int r = 0; r < count; r++)
        {
            ReadOnlySpan<double> row = rows[start + r];
            for (int j = 0; j < row.Length; j++)
                centred[j * Tile + r] = row[j] - _location[j];
        }

        (Vector256<double> sum0, Vector256<double> sum1, Vector256<double> sum2, Vector256<double> sum3) = (default, default, default, default);
        ref double values = ref centred[0];
        for (int i = 0; i < width; i++)
        {
            (Vector256<double> y0, Vector256<double> y1, Vector256<double> y2, Vector256<double> y3) = (default, default, default, default);
            ReadOnlySpan<double> weights = _whitening.AsSpan(i * width, i + 1);
            for (int j = 0; j < weights.Length; j++)
            {
                Vector256<double> weight = Vector256.Create(weights[j]);
                nuint at = (nuint)(j * Tile);
                y0 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref values, at), y0);
                y1 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref values, at + 4), y1);
                y2 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref values, at + 8), y2);
                y3 = Vector256.FusedMultiplyAdd(weight, Vector256.LoadUnsafe(ref values, at + 12), y3);
            }

            sum0 = Vector256.FusedMultiplyAdd(y0, y0, sum0);
            sum1 = Vector256.FusedMultiplyAdd(y1, y1, sum1);
            sum2 = Vector256.FusedMultiplyAdd(y2, y2, sum2);
            sum3 = Vector256.FusedMultiplyAdd(y3, y3, sum3);
        }

        Span<double> sums = stackalloc double[Tile];
        sum0.CopyTo(sums);
        sum1.CopyTo(sums[4..]);
        sum2.CopyTo(sums[8..]);
        sum3.CopyTo(sums[12..]);
        sums[..count].CopyTo(scores.AsSpan(start));
    }

    // Many rows are split into subsets: starts are cheap there, and only the best go on with all rows.
    private Ellipsoid Smallest(Tensor x, CancellationToken cancellationToken)
    {
        (int n, int d) = ((int)x.shape[0], (int)x.shape[1]);
        double share = _options.Support ?? Math.Min(1, (n + d + 1) / (2.0 * n));
        var random = new SplitMix64(_options.Seed, 43);
        int[] order = [.. Enumerable.Range(0, n)];
        random.Shuffle(order);
        int subsets = n <= 2 * SubsetRows || SubsetRows <= 2 * d ? 1 : Math.Min(MostSubsets, n / SubsetRows);
        int size = subsets == 1 ? n : SubsetRows;
        var candidates = new List<Ellipsoid>();
        for (int s = 0; s < subsets; s++)
        {
            Tensor part = subsets == 1 ? x : x.index_select(0, torch.tensor(order[(s * size)..((s + 1) * size)], dtype: torch.int64));
            candidates.AddRange(Best(Enumerable.Range(0, Math.Max(1, _options.Starts / subsets)).Select(i =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                return Step(part, Start(part, d, ref random), share, 2);
            })));
        }

        if (subsets > 1)
        {
            Tensor merged = x.index_select(0, torch.tensor(order[..(subsets * size)], dtype: torch.int64));
            candidates = Best(candidates.Select(c => Step(merged, c, share, 2)));
        }

        return Best(candidates.Select(c =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            return Step(x, c, share, MostSteps);
        }))[0];
    }

    private static List<Ellipsoid> Best(IEnumerable<Ellipsoid> candidates)
    {
        var best = new List<Ellipsoid>();
        foreach (Ellipsoid candidate in candidates)
        {
            best.Add(candidate);
            if (best.Count <= Kept)
                continue;
            Ellipsoid worst = best.MaxBy(e => e.LogDeterminant)!;
            worst.Dispose();
            best.Remove(worst);
        }

        best.Sort((a, b) => a.LogDeterminant.CompareTo(b.LogDeterminant));
        return best;
    }

    private static Ellipsoid Start(Tensor part, int d, ref SplitMix64 random)
    {
        int n = (int)part.shape[0];
        long[] chosen = new long[d + 1];
        var seen = new HashSet<int>();
        for (int i = 0; i < chosen.Length; i++)
        {
            int row;
            do
                row = random.NextBelow(n);
            while (!seen.Add(row));
            chosen[i] = row;
        }

        return Of(part, torch.tensor(chosen));
    }

    // Concentration: the rows nearest to an ellipsoid give one that is no larger.
    private static Ellipsoid Step(Tensor x, Ellipsoid from, double share, int most)
    {
        long h = Math.Min(x.shape[0], (long)Math.Ceiling(share * x.shape[0] - 1e-9));
        Ellipsoid current = from;
        for (int i = 0; i < most; i++)
        {
            Ellipsoid next = Of(x, Nearest(x, current, (int)h));
            bool done = i > 0 && next.LogDeterminant >= current.LogDeterminant - 1e-12;
            current = next;
            if (done)
                break;
        }

        return current;
    }

    private static Tensor Nearest(Tensor x, Ellipsoid to, int count)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor _, Tensor nearest) = to.Distances(x).topk(count, largest: false, sorted: false);
        return nearest.MoveToOuterDisposeScope();
    }

    private static Ellipsoid Of(Tensor x, Tensor? members = null)
    {
        using var scope = torch.NewDisposeScope();
        Tensor rows = members is null ? x : x.index_select(0, members);
        Tensor location = rows.mean([0]);
        Tensor centred = rows - location;
        Tensor covariance = centred.t().matmul(centred) / rows.shape[0];

        // Rows on a plane have no ellipsoid: the least ridge that gives one, in proportion to their spread.
        double spread = Math.Max(covariance.trace().item<double>() / x.shape[1], 1e-12);
        Tensor eye = torch.eye(x.shape[1], dtype: torch.float64);
        for (double ridge = 0; ; ridge = ridge == 0 ? 1e-10 : ridge * 100)
        {
            (Tensor factor, Tensor info) = torch.linalg.cholesky_ex(ridge == 0 ? covariance : covariance + eye * (ridge * spread));
            double least = info.item<int>() == 0 ? factor.diagonal().min().item<double>() : 0;
            if (!(least * least > 1e-14 * spread) && ridge < 1)
                continue;
            Tensor whitening = torch.linalg.solve_triangular(factor, eye, upper: false);
            double logDeterminant = 2 * factor.diagonal().log().sum().item<double>();
            return new(location.MoveToOuterDisposeScope(), whitening.MoveToOuterDisposeScope(), logDeterminant);
        }
    }

    private static double Median(Tensor values)
    {
        double[] sorted = [.. values.data<double>().ToArray().Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed class Ellipsoid(Tensor location, Tensor whitening, double logDeterminant) : IDisposable
    {
        public Tensor Location { get; } = location;

        public Tensor Whitening { get; } = whitening;

        public double LogDeterminant { get; } = logDeterminant;

        // ‖L⁻¹(x − μ)‖², one matrix product for all rows.
        public Tensor Distances(Tensor x) => (x - Location).matmul(Whitening.t()).square().sum([1L]);

        public void Dispose()
        {
            Location.Dispose();
            Whitening.Dispose();
        }
    }

    private protected override void WriteState(TabularState state)
    {
        state.Set("location", _location);
        state.Set("whitening", _whitening, _location.Length, _location.Length);
    }

    private protected override void ReadState(TabularState state) =>
        (_location, _whitening) = (state.Finite("location", VaryingColumns), state.Finite("whitening", VaryingColumns, VaryingColumns));
}
