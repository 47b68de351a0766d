using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// Exact nearest neighbours by Euclidean distance. Pairs are ruled out in single precision by a bound below their distance that
/// counts the rounding in; whatever passes is computed in double precision. Four queries meet sixteen rows at a time, all in
/// registers, and no table of distances exists.
/// </summary>
internal sealed class NeighbourSearch
{
    private const int QueryTile = 4;
    private const int RowTile = 16;
    private const int QueryBlock = 64;
    private const int ChunkBytes = 128 << 10;

    private readonly TabularRows _rows;
    private readonly double[] _centre;
    private readonly float[] _packed;       // [tiles, width, 16]: a tile's values of one column lie together
    private readonly float[] _halfNorm;     // [tiles × 16]: half the squared norm, lowered by the rounding
    private readonly double _rounding;

    /// <param name="rows">The rows to search; kept, not copied.</param>
    public NeighbourSearch(TabularRows rows)
    {
        _rows = rows;
        int width = rows.Width;

        // Distances do not depend on the origin, the rounding does.
        _centre = new double[width];
        for (int i = 0; i < rows.Count; i++)
            TensorPrimitives.Add(_centre, rows[i], _centre);
        TensorPrimitives.Divide(_centre, rows.Count, _centre);

        // |error of a dot product| ≤ (d+3)·2⁻²³·|q||x|, the conversions of both to single precision included.
        _rounding = (width + 6) * 1.2e-7;
        int tiles = (rows.Count + RowTile - 1) / RowTile;
        _packed = new float[tiles * width * RowTile];
        _halfNorm = new float[tiles * RowTile];
        Array.Fill(_halfNorm, float.PositiveInfinity);
        for (int i = 0; i < rows.Count; i++)
        {
            ReadOnlySpan<double> row = rows[i];
            double norm = 0;
            for (int j = 0; j < width; j++)
            {
                double value = row[j] - _centre[j];
                norm += value * value;
                _packed[(i / RowTile * width + j) * RowTile + i % RowTile] = (float)value;
            }

            _halfNorm[i] = MathF.BitDecrement((float)(0.5 * norm * (1 - 3 * _rounding)));
        }
    }

    public TabularRows Rows => _rows;

    /// <summary>From a file.</summary>
    /// <param name="state">What it holds.</param>
    /// <param name="width">Columns of the rows.</param>
    /// <param name="neighbours">How many are asked for.</param>
    /// <exception cref="DataException">The rows do not fit, or are fewer than the neighbours that are asked for.</exception>
    public static NeighbourSearch Of(TabularState state, int width, int neighbours)
    {
        var rows = new TabularRows(state.Finite("training", TabularState.Any, width), width);
        return neighbours < rows.Count ? new NeighbourSearch(rows)
            : throw new DataException("detector", $"asks for {neighbours} neighbours among {rows.Count} rows", "fit and save it again");
    }

    /// <summary>The nearest rows of each query.</summary>
    /// <param name="queries">[queries, width].</param>
    /// <param name="count">How many, at most the rows there are (one less where <paramref name="excludeSelf"/>).</param>
    /// <param name="excludeSelf">Whether query i is row i and is left out.</param>
    /// <returns>[queries × count], nearest first; of equal distances the earlier row.</returns>
    public (double[] Distances, int[] Indices) Find(TabularRows queries, int count, bool excludeSelf = false)
    {
        double[] distances = new double[queries.Count * count];
        int[] indices = new int[queries.Count * count];
        int blocks = (queries.Count + QueryBlock - 1) / QueryBlock;
        Parallel.For(0, blocks, block =>
        {
            int start = block * QueryBlock;
            FindBlock(queries, start, Math.Min(QueryBlock, queries.Count - start), count, excludeSelf,
                distances.AsSpan(start * count), indices.AsSpan(start * count));
        });
        TensorPrimitives.Sqrt(distances, distances);
        return (distances, indices);
    }

    private unsafe void FindBlock(TabularRows queries, int start, int size, int count, bool excludeSelf, Span<double> distances, Span<int> indices)
    {
        int width = _rows.Width;
        int padded = (size + QueryTile - 1) / QueryTile * QueryTile;
        float[] block = new float[padded * width];              // Minus the query, so that a product adds.
        float[] limits = new float[padded];                     // Nothing of a larger bound is among the nearest.
        double[] halfNorms = new double[padded];
        Array.Fill(limits, float.NegativeInfinity);
        for (int q = 0; q < size; q++)
        {
            ReadOnlySpan<double> query = queries[start + q];
            double norm = 0;
            for (int j = 0; j < width; j++)
            {
                double value = query[j] - _centre[j];
                norm += value * value;
                block[q * width + j] = (float)-value;
            }

            halfNorms[q] = 0.5 * norm * (1 - _rounding);
            limits[q] = float.PositiveInfinity;
        }

        distances[..(size * count)].Fill(double.PositiveInfinity);
        indices[..(size * count)].Fill(-1);
        int tiles = _halfNorm.Length / RowTile;
        int chunk = Math.Max(1, ChunkBytes / (sizeof(float) * RowTile * (width + 1)));
        fixed (float* packed = _packed, halfNorm = _halfNorm, negated = block)
        {
            for (int first = 0; first < tiles; first += chunk)
            {
                int last = Math.Min(tiles, first + chunk);
                for (int tile = 0; tile < padded; tile += QueryTile)
                {
                    for (int t = first; t < last; t++)
                    {
                        uint passed = Bound(packed + (long)t * width * RowTile, halfNorm + t * RowTile, negated + tile * width, width,
                            limits[tile], limits[tile + 1], limits[tile + 2], limits[tile + 3], out uint passedAbove);
                        ulong all = passed | (ulong)passedAbove << 32;
                        while (all != 0)
                        {
                            int bit = System.Numerics.BitOperations.TrailingZeroCount(all);
                            all &= all - 1;
                            int q = tile + bit / RowTile;
                            int row = t * RowTile + bit % RowTile;
                            if (q < size && row < _rows.Count && !(excludeSelf && row == start + q))
                                Consider(queries[start + q], row, distances.Slice(q * count, count), indices.Slice(q * count, count), halfNorms[q], ref limits[q]);
                        }
                    }
                }
            }
        }
    }

    // Bits 16q + r: whether the bound of query q and row r is within the query's limit; queries 0 and 1, then 2 and 3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe uint Bound(float* packed, float* halfNorm, float* negated, int width, float limit0, float limit1, float limit2, float limit3, out uint above)
    {
        Vector256<float> lowNorm = Vector256.Load(halfNorm), highNorm = Vector256.Load(halfNorm + 8);
        (Vector256<float> low0, Vector256<float> low1, Vector256<float> low2, Vector256<float> low3) = (lowNorm, lowNorm, lowNorm, lowNorm);
        (Vector256<float> high0, Vector256<float> high1, Vector256<float> high2, Vector256<float> high3) = (highNorm, highNorm, highNorm, highNorm);
        for (int j = 0; j < width; j++)
        {
            Vector256<float> low = Vector256.Load(packed + j * RowTile), high = Vector256.Load(packed + j * RowTile + 8);
            Vector256<float> query = Vector256.Create(negated[j]);
            low0 = Vector256.FusedMultiplyAdd(query, low, low0);
            high0 = Vector256.FusedMultiplyAdd(query, high, high0);
            query = Vector256.Create(negated[width + j]);
            low1 = Vector256.FusedMultiplyAdd(query, low, low1);
            high1 = Vector256.FusedMultiplyAdd(query, high, high1);
            query = Vector256.Create(negated[2 * width + j]);
            low2 = Vector256.FusedMultiplyAdd(query, low, low2);
            high2 = Vector256.FusedMultiplyAdd(query, high, high2);
            query = Vector256.Create(negated[3 * width + j]);
            low3 = Vector256.FusedMultiplyAdd(query, low, low3);
            high3 = Vector256.FusedMultiplyAdd(query, high, high3);
        }

        above = Within(low2, high2, limit2) | Within(low3, high3, limit3) << 16;
        return Within(low0, high0, limit0) | Within(low1, high1, limit1) << 16;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Within(Vector256<float> low, Vector256<float> high, float limit)
    {
        Vector256<float> most = Vector256.Create(limit);
        return Vector256.LessThanOrEqual(low, most).ExtractMostSignificantBits() | Vector256.LessThanOrEqual(high, most).ExtractMostSignificantBits() << 8;
    }

    private void Consider(ReadOnlySpan<double> query, int row, Span<double> distances, Span<int> indices, double halfNorm, ref float limit)
    {
        ReadOnlySpan<double> other = _rows[row];
        double squared = 0;
        for (int j = 0; j < query.Length; j++)
        {
            double difference = query[j] - other[j];
            squared += difference * difference;
        }

        if (squared >= distances[^1])
            return;
        int at = distances.Length - 1;
        while (at > 0 && distances[at - 1] > squared)
        {
            (distances[at], indices[at]) = (distances[at - 1], indices[at - 1]);
            at--;
        }

        (distances[at], indices[at]) = (squared, row);
        limit = MathF.BitIncrement((float)(0.5 * distances[^1] - halfNorm));
    }
}
