using System.Numerics.Tensors;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// The side and distance from a border around the training rows in the feature space of an RBF kernel (Schölkopf et al. 2001):
/// ρ − Σ α_i k(x_i, x), above 0 outside. Solved by sequential minimal optimization with second-order working sets (Fan, Chen and Lin
/// 2005), in LIBSVM's scale: 0 ≤ α_i ≤ 1, Σα_i = νn.
/// </summary>
public sealed class OneClassSvm : TabularDetector
{
    private const long CacheBytes = 256L << 20;
    private const double LeastCurvature = 1e-12;

    private readonly OneClassSvmOptions _options;
    private TabularRows _support = new([], 0);
    private double[] _alpha = [];
    private double _rho;
    private double _gamma;

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public OneClassSvm(OneClassSvmOptions? options = null) : base("one-class-svm", options?.Standardize ?? true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        if (rows.Count > _options.MaxRows)
        {
            int[] order = [.. Enumerable.Range(0, rows.Count)];
            new SplitMix64(_options.Seed, 47).Shuffle(order);
            rows = rows.Take(order.AsSpan(0, _options.MaxRows));
        }

        _gamma = _options.Gamma ?? 1 / (rows.Width * Variance(rows.Values));
        double[] alpha = Solve(rows, cancellationToken);
        int[] support = [.. Enumerable.Range(0, alpha.Length).Where(i => alpha[i] > 0)];
        _support = rows.Take(support);
        _alpha = [.. support.Select(i => alpha[i])];
    }

    private double[] Solve(TabularRows rows, CancellationToken cancellationToken)
    {
        int n = rows.Count;
        double total = _options.Nu * n;
        double[] alpha = new double[n];
        for (int i = 0; i < n; i++)
            alpha[i] = Math.Clamp(total - i, 0, 1);
        var kernel = new KernelColumns(rows, _gamma);
        double[] gradient = new double[n];
        for (int i = 0; i < n && alpha[i] > 0; i++)
            TensorPrimitives.MultiplyAdd(kernel[i], alpha[i], gradient, gradient);

        for (long step = 0; ; step++)
        {
            if (step % 1024 == 0)
                cancellationToken.ThrowIfCancellationRequested();
            int up = -1;
            double least = double.PositiveInfinity;
            double most = double.NegativeInfinity;
            for (int t = 0; t < n; t++)
            {
                if (alpha[t] < 1 && gradient[t] < least)
                    (up, least) = (t, gradient[t]);
                if (alpha[t] > 0)
                    most = Math.Max(most, gradient[t]);
            }

            if (up < 0 || most - least < _options.Tolerance)
                break;
            double[] column = kernel[up];
            int down = -1;
            double gain = 0;
            for (int t = 0; t < n; t++)
            {
                double difference = gradient[t] - least;
                if (alpha[t] <= 0 || difference <= 0)
                    continue;
                double candidate = difference * difference / Math.Max(2 - 2 * column[t], LeastCurvature);
                if (candidate > gain)
                    (down, gain) = (t, candidate);
            }

            if (down < 0)
                break;
            double change = (gradient[down] - least) / Math.Max(2 - 2 * column[down], LeastCurvature);
            change = Math.Min(change, Math.Min(1 - alpha[up], alpha[down]));
            alpha[up] = alpha[up] + change >= 1 - 1e-15 ? 1 : alpha[up] + change;
            alpha[down] = alpha[down] - change <= 1e-15 ? 0 : alpha[down] - change;
            double[] other = kernel[down];
            for (int t = 0; t < n; t++)
                gradient[t] += change * (column[t] - other[t]);
        }

        double[] free = [.. Enumerable.Range(0, n).Where(i => alpha[i] is > 0 and < 1).Select(i => gradient[i])];
        if (free.Length > 0)
        {
            _rho = free.Average();
        }
        else
        {
            double upper = Enumerable.Range(0, n).Where(i => alpha[i] <= 0).Select(i => gradient[i]).DefaultIfEmpty(double.PositiveInfinity).Min();
            double lower = Enumerable.Range(0, n).Where(i => alpha[i] >= 1).Select(i => gradient[i]).DefaultIfEmpty(double.NegativeInfinity).Max();
            _rho = double.IsInfinity(upper) ? lower : double.IsInfinity(lower) ? upper : (upper + lower) / 2;
        }

        return alpha;
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        double[] scores = new double[rows.Count];
        double[] norms = Norms(_support);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor support = _support.ToTensor();
        Tensor alpha = AlignedTensor.Of(_alpha);
        Tensor supportNorms = AlignedTensor.Of(norms);
        int block = Math.Max(1, 4_000_000 / Math.Max(1, _support.Count));
        for (int start = 0; start < rows.Count; start += block)
        {
            using var inner = torch.NewDisposeScope();
            int count = Math.Min(block, rows.Count - start);
            Tensor x = AlignedTensor.Of(rows.Values[(start * rows.Width)..((start + count) * rows.Width)], count, rows.Width);
            Tensor squared = (x.square().sum([1L], keepdim: true) + supportNorms - 2 * x.matmul(support.t())).clamp_min(0);
            (_rho - (squared * -_gamma).exp_().matmul(alpha)).data<double>().ToArray().CopyTo(scores, start);
        }

        return scores;
    }

    private static double Variance(double[] values)
    {
        double mean = TensorPrimitives.Sum(values) / values.Length;
        return values.Sum(v => (v - mean) * (v - mean)) / values.Length;
    }

    private static double[] Norms(TabularRows rows) => [.. Enumerable.Range(0, rows.Count).Select(i => TensorPrimitives.SumOfSquares(rows[i]))];

    private protected override void WriteState(TabularState state)
    {
        state.Set("support", _support.Values, _support.Count, _support.Width);
        state.Set("alpha", _alpha);
        state.Set("border", new[] { _rho, _gamma });
    }

    private protected override void ReadState(TabularState state)
    {
        _support = new(state.Finite("support", TabularState.Any, VaryingColumns), VaryingColumns);
        _alpha = state.Finite("alpha", _support.Count);
        double[] border = state.Finite("border", 2);
        (_rho, _gamma) = (border[0], border[1]);
    }

    /// <summary>Columns of the kernel matrix, the latest kept.</summary>
    private sealed class KernelColumns(TabularRows rows, double gamma)
    {
        private readonly double[] _norms = Norms(rows);
        private readonly Dictionary<int, LinkedListNode<(int Index, double[] Values)>> _known = [];
        private readonly LinkedList<(int Index, double[] Values)> _latest = new();
        private readonly int _most = (int)Math.Max(2, CacheBytes / (sizeof(double) * Math.Max(1, rows.Count)));

        public double[] this[int index]
        {
            get
            {
                if (_known.TryGetValue(index, out var found))
                {
                    _latest.Remove(found);
                    _latest.AddFirst(found);
                    return found.Value.Values;
                }

                double[] values = new double[rows.Count];
                if (_known.Count >= _most)
                {
                    values = _latest.Last!.Value.Values;
                    _known.Remove(_latest.Last.Value.Index);
                    _latest.RemoveLast();
                }

                ReadOnlySpan<double> row = rows[index];
                for (int i = 0; i < values.Length; i++)
                    values[i] = -gamma * Math.Max(0, _norms[index] + _norms[i] - 2 * TensorPrimitives.Dot(row, rows[i]));
                TensorPrimitives.Exp(values, values);
                _known[index] = _latest.AddFirst((index, values));
                return values;
            }
        }
    }
}
