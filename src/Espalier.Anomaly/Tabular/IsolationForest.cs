using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// Rows that random cuts isolate early are unusual (Liu, Ting and Zhou, "Isolation Forest", ICDM 2008): the score is
/// 2^(-E[h]/c(ψ)) in (0, 1), with h the depth of a row's leaf plus c(rows in it) and c(n) the mean depth of an unsuccessful
/// search in a binary tree of n rows. Values are compared in single precision.
/// </summary>
public sealed class IsolationForest : TabularDetector
{
    private const double EulerGamma = 0.5772156649;
    private const int BlockRows = 512;
    private const int Lanes = 8;
    private const int HighestTree = 16;

    private readonly IsolationForestOptions _options;

    // Every tree is stored as if it were complete: node i has children 2i+1 and 2i+2, so that a descent has no branches. A leaf
    // above the last level is continued by cuts at infinity, which always go left.
    private int _height;
    private int _sample;
    private int[] _feature = [];            // [trees × (2^height - 1)]
    private float[] _cut = [];              // as many
    private double[] _path = [];            // [trees × 2^height]
    private float[] _direction = [];        // [trees × (2^height - 1) × width] where oblique

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The paper's where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public IsolationForest(IsolationForestOptions? options = null) : base("isolation-forest", options is { Oblique: true })
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private int Nodes => (1 << _height) - 1;

    /// <summary>c(n): the mean depth of an unsuccessful search in a binary search tree of n rows.</summary>
    internal static double MeanDepth(int n) => n switch
    {
        <= 1 => 0,
        2 => 1,
        _ => 2 * (Math.Log(n - 1) + EulerGamma) - 2.0 * (n - 1) / n,
    };

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        _sample = Math.Min(_options.SampleSize, rows.Count);
        _height = (int)Math.Ceiling(Math.Log2(_sample));
        _feature = new int[_options.Trees * Nodes];
        _cut = new float[_options.Trees * Nodes];
        _path = new double[_options.Trees << _height];
        _direction = _options.Oblique ? new float[checked(_options.Trees * Nodes * rows.Width)] : [];
        float[] values = new float[rows.Values.Length];
        TensorPrimitives.ConvertTruncating<double, float>(rows.Values, values);
        Parallel.For(0, _options.Trees, new ParallelOptions { CancellationToken = cancellationToken }, tree =>
        {
            var random = new SplitMix64(_options.Seed, 41, tree);
            Grow(tree, 0, 0, Sampled(rows.Count, ref random), values, rows.Width, ref random);
        });
    }

    // A partial Fisher-Yates draw over a sparse permutation: no tree pays for all rows.
    private int[] Sampled(int count, ref SplitMix64 random)
    {
        var moved = new Dictionary<int, int>(_sample);
        int[] drawn = new int[_sample];
        for (int i = 0; i < _sample; i++)
        {
            int j = i + random.NextBelow(count - i);
            drawn[i] = moved.GetValueOrDefault(j, j);
            moved[j] = moved.GetValueOrDefault(i, i);
        }

        return drawn;
    }

    private void Grow(int tree, int node, int depth, Span<int> members, float[] values, int width, ref SplitMix64 random)
    {
        if (depth < _height && members.Length > 1 && (_options.Oblique
            ? CutDirection(tree, node, members, values, width, ref random, out int left)
            : CutColumn(tree, node, members, values, width, ref random, out left)))
        {
            Grow(tree, 2 * node + 1, depth + 1, members[..left], values, width, ref random);
            Grow(tree, 2 * node + 2, depth + 1, members[left..], values, width, ref random);
            return;
        }

        double path = depth + MeanDepth(members.Length);
        int at = node;
        for (int level = depth; level < _height; level++)
        {
            _cut[tree * Nodes + at] = float.PositiveInfinity;
            at = 2 * at + 1;
        }

        _path[(tree << _height) + at - Nodes] = path;
    }

    private bool CutColumn(int tree, int node, Span<int> members, float[] values, int width, ref SplitMix64 random, out int left)
    {
        // A column that is constant among the members is drawn again, without replacement.
        Span<int> columns = width <= 256 ? stackalloc int[width] : new int[width];
        for (int j = 0; j < width; j++)
            columns[j] = j;
        for (int tried = 0; tried < width; tried++)
        {
            int pick = tried + random.NextBelow(width - tried);
            (columns[tried], columns[pick]) = (columns[pick], columns[tried]);
            int column = columns[tried];
            (float low, float high) = (float.PositiveInfinity, float.NegativeInfinity);
            foreach (int row in members)
            {
                float value = values[row * width + column];
                low = Math.Min(low, value);
                high = Math.Max(high, value);
            }

            if (low == high)
                continue;
            float cut = Between(low, high, ref random);
            left = 0;
            for (int i = 0; i < members.Length; i++)
            {
                if (values[members[i] * width + column] <= cut)
                {
                    (members[i], members[left]) = (members[left], members[i]);
                    left++;
                }
            }

            (_feature[tree * Nodes + node], _cut[tree * Nodes + node]) = (column, cut);
            return true;
        }

        left = 0;
        return false;
    }

    private bool CutDirection(int tree, int node, Span<int> members, float[] values, int width, ref SplitMix64 random, out int left)
    {
        Span<float> direction = _direction.AsSpan((tree * Nodes + node) * width, width);
        for (int j = 0; j < width; j++)
            direction[j] = (float)random.NextNormal();
        float[] projections = new float[members.Length];
        for (int i = 0; i < members.Length; i++)
            projections[i] = TensorPrimitives.Dot(values.AsSpan(members[i] * width, width), direction);
        (float low, float high) = (projections.Min(), projections.Max());
        left = 0;
        if (low == high)
            return false;
        float cut = Between(low, high, ref random);
        for (int i = 0; i < members.Length; i++)
        {
            if (projections[i] <= cut)
            {
                (members[i], members[left]) = (members[left], members[i]);
                (projections[i], projections[left]) = (projections[left], projections[i]);
                left++;
            }
        }

        _cut[tree * Nodes + node] = cut;
        return true;
    }

    // Rounding must not put the cut on the upper end: one side would be empty.
    private static float Between(float low, float high, ref SplitMix64 random)
    {
        float cut = (float)random.NextBetween(low, high);
        return cut >= high || cut < low ? low : cut;
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        double[] scores = new double[rows.Count];
        double normal = _options.Trees * MeanDepth(_sample);
        int blocks = (rows.Count + BlockRows - 1) / BlockRows;
        Parallel.For(0, blocks, block =>
        {
            int start = block * BlockRows;
            int count = Math.Min(BlockRows, rows.Count - start);
            float[] values = new float[count * rows.Width];
            TensorPrimitives.ConvertTruncating<double, float>(rows.Values.AsSpan(start * rows.Width, values.Length), values);
            Span<double> sums = scores.AsSpan(start, count);
            for (int tree = 0; tree < _options.Trees; tree++)
            {
                if (_options.Oblique)
                    DescendOblique(tree, values, rows.Width, sums);
                else
                    Descend(tree, values, rows.Width, sums);
            }

            foreach (ref double sum in sums)
                sum = normal == 0 ? 0.5 : Math.Pow(2, -sum / normal);
        });
        return scores;
    }

    // 2·node + 1 where the value is within the cut, 2·node + 2 elsewhere: arithmetic, as no processor can guess this branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Child(int node, float value, float cut) => 2 * node + 2 - Unsafe.BitCast<bool, byte>(value <= cut);

    // Eight rows go down together: their loads do not wait for each other.
    private unsafe void Descend(int tree, float[] values, int width, Span<double> sums)
    {
        fixed (float* rows = values, cuts = &_cut[tree * Nodes])
        fixed (int* features = &_feature[tree * Nodes])
        fixed (double* paths = &_path[tree << _height])
        {
            int nodes = Nodes;
            int row = 0;
            for (; row + Lanes <= sums.Length; row += Lanes)
            {
                float* x = rows + (long)row * width;
                (int a, int b, int c, int d, int e, int f, int g, int h) = (0, 0, 0, 0, 0, 0, 0, 0);
                for (int level = 0; level < _height; level++)
                {
                    a = Child(a, x[features[a]], cuts[a]);
                    b = Child(b, x[width + features[b]], cuts[b]);
                    c = Child(c, x[2 * width + features[c]], cuts[c]);
                    d = Child(d, x[3 * width + features[d]], cuts[d]);
                    e = Child(e, x[4 * width + features[e]], cuts[e]);
                    f = Child(f, x[5 * width + features[f]], cuts[f]);
                    g = Child(g, x[6 * width + features[g]], cuts[g]);
                    h = Child(h, x[7 * width + features[h]], cuts[h]);
                }

                sums[row] += paths[a - nodes];
                sums[row + 1] += paths[b - nodes];
                sums[row + 2] += paths[c - nodes];
                sums[row + 3] += paths[d - nodes];
                sums[row + 4] += paths[e - nodes];
                sums[row + 5] += paths[f - nodes];
                sums[row + 6] += paths[g - nodes];
                sums[row + 7] += paths[h - nodes];
            }

            for (; row < sums.Length; row++)
            {
                float* x = rows + (long)row * width;
                int at = 0;
                for (int level = 0; level < _height; level++)
                    at = Child(at, x[features[at]], cuts[at]);
                sums[row] += paths[at - nodes];
            }
        }
    }

    private void DescendOblique(int tree, float[] values, int width, Span<double> sums)
    {
        for (int row = 0; row < sums.Length; row++)
        {
            ReadOnlySpan<float> x = values.AsSpan(row * width, width);
            int at = 0;
            for (int level = 0; level < _height; level++)
            {
                float cut = _cut[tree * Nodes + at];
                at = 2 * at + (float.IsPositiveInfinity(cut) || TensorPrimitives.Dot(x, _direction.AsSpan((tree * Nodes + at) * width, width)) <= cut ? 1 : 2);
            }

            sums[row] += _path[(tree << _height) + at - Nodes];
        }
    }

    private protected override void WriteState(TabularState state)
    {
        state.Set("height", new[] { _height });
        state.Set("sample", new[] { _sample });
        state.Set("feature", _feature, _options.Trees, Nodes);
        state.Set("cut", _cut, _options.Trees, Nodes);
        state.Set("path", _path, _options.Trees, 1 << _height);
        if (_options.Oblique)
            state.Set("direction", _direction, _options.Trees, Nodes, _direction.Length / (_options.Trees * Nodes));
    }

    private protected override void ReadState(TabularState state)
    {
        // A descent does not check its steps: what a file says must fit before the first one.
        (_height, _sample) = (state.Integers("height", 0, HighestTree, 1)[0], state.Integers("sample", 1, 1 << HighestTree, 1)[0]);
        if (_height != (int)Math.Ceiling(Math.Log2(_sample)))
            throw new DataException("detector", $"has trees of height {_height} of {_sample} rows", "fit and save it again");
        _feature = state.Integers("feature", 0, VaryingColumns - 1, _options.Trees, Nodes);
        _cut = state.Singles("cut", _options.Trees, Nodes);
        _path = state.Finite("path", _options.Trees, 1L << _height);
        _direction = _options.Oblique ? state.Singles("direction", _options.Trees, Nodes, VaryingColumns) : [];
    }
}
