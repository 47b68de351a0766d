using System.Numerics;
using System.Runtime.InteropServices;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// <see cref="HyperplaneProjection"/> in L-inf and L2, of one row after the other in plain memory. Features move by min(λ · slope, room),
/// slope 1 or the size of the weight, with the λ that makes Σ |weight| · move the need, by Newton's steps from 0.
/// </summary>
internal static class LevelledRows
{
    // Fewer values are done sooner than a second thread is awake.
    private const long LeastForThreads = 1 << 17;
    private const int RowsPerTask = 16;

    /// <summary>The moves of a batch of points on the CPU, as <see cref="HyperplaneProjection.Displacement"/> has them.</summary>
    /// <returns>[n, d], float64.</returns>
    public static Tensor Displacement(Norm norm, Tensor normals, Tensor values, Tensor down, Tensor up)
    {
        using var scope = torch.NewDisposeScope();
        (Tensor weights, Tensor needs) = (Plain(normals), Plain(values));
        (Tensor downs, Tensor ups) = (Plain(down), Plain(up));
        Tensor moves = torch.empty_like(weights);
        (int count, int width) = (checked((int)weights.shape[0]), checked((int)weights.shape[1]));
        int tasks = (count + RowsPerTask - 1) / RowsPerTask;
        if ((long)count * width >= LeastForThreads && torch.get_num_threads() > 1)
        {
            Parallel.For(0, tasks, new ParallelOptions { MaxDegreeOfParallelism = torch.get_num_threads() }, Fill);
        }
        else
        {
            for (int task = 0; task < tasks; task++)
                Fill(task);
        }

        return moves.MoveToOuterDisposeScope();

        void Fill(int task)
        {
            var row = new LevelledRow(norm == Norm.L2, width);
            for (int i = task * RowsPerTask; i < Math.Min(count, (task + 1) * RowsPerTask); i++)
                row.Move(Row(weights, i), MemoryMarshal.Cast<byte, double>(needs.bytes)[i], Row(downs, i), Row(ups, i), Row(moves, i));
        }

        Span<double> Row(Tensor all, int row) => MemoryMarshal.Cast<byte, double>(all.bytes).Slice(row * width, width);
    }

    private static Tensor Plain(Tensor values) => values.to(torch.float64).contiguous();

    /// <summary>One row, with the memory that it takes.</summary>
    private sealed class LevelledRow(bool slopeIsWeight, int width)
    {
        private readonly double[] _weight = new double[width];
        private readonly double[] _room = new double[width];
        // The λ at which a feature has used up its room.
        private readonly double[] _level = new double[width];

        public void Move(ReadOnlySpan<double> normal, double value, ReadOnlySpan<double> down, ReadOnlySpan<double> up, Span<double> move)
        {
            double toward = value < 0 ? 1 : -1;
            for (int i = 0; i < normal.Length; i++)
            {
                _weight[i] = Math.Abs(normal[i]);
                _room[i] = normal[i] == 0 ? 0 : Math.Max(0, normal[i] * toward < 0 ? down[i] : up[i]);
                _level[i] = slopeIsWeight && normal[i] != 0 ? _room[i] / _weight[i] : _room[i];
            }

            double solution = Solution(Math.Abs(value));
            for (int i = 0; i < move.Length; i++)
                move[i] = normal[i] == 0 ? 0 : Math.CopySign(Math.Min(slopeIsWeight ? solution * _weight[i] : solution, _room[i]), normal[i] * toward);
        }

        /// <summary>λ; infinite where the need is out of reach.</summary>
        private double Solution(double need)
        {
            double solution = 0;
            while (true)
            {
                (double slope, double gained, double nearest) = At(solution);
                if (slope == 0)
                    return double.PositiveInfinity;
                solution = Math.Max(solution, (need - gained) / slope);
                if (solution < nearest)
                    return solution;
            }
        }

        /// <summary>What the features that have room beyond a λ gain per unit of it, what the others have gained, and the next λ at which one stops.</summary>
        private (double Slope, double Gained, double Nearest) At(double solution)
        {
            ReadOnlySpan<Vector<double>> weights = MemoryMarshal.Cast<double, Vector<double>>(_weight);
            ReadOnlySpan<Vector<double>> rooms = MemoryMarshal.Cast<double, Vector<double>>(_room);
            ReadOnlySpan<Vector<double>> levels = MemoryMarshal.Cast<double, Vector<double>>(_level);
            (Vector<double> slopes, Vector<double> gains, Vector<double> nexts) = (Vector<double>.Zero, Vector<double>.Zero, new Vector<double>(double.PositiveInfinity));
            var reached = new Vector<double>(solution);
            for (int i = 0; i < weights.Length; i++)
            {
                Vector<long> isGaining = Vector.GreaterThan(levels[i], reached);
                slopes += Vector.ConditionalSelect(isGaining, slopeIsWeight ? weights[i] * weights[i] : weights[i], Vector<double>.Zero);
                gains += Vector.ConditionalSelect(isGaining, Vector<double>.Zero, weights[i] * rooms[i]);
                nexts = Vector.Min(nexts, Vector.ConditionalSelect(isGaining, levels[i], new Vector<double>(double.PositiveInfinity)));
            }

            (double slope, double gained, double nearest) = (Vector.Sum(slopes), Vector.Sum(gains), double.PositiveInfinity);
            for (int i = 0; i < Vector<double>.Count; i++)
                nearest = Math.Min(nearest, nexts[i]);
            for (int i = weights.Length * Vector<double>.Count; i < width; i++)
            {
                if (_level[i] > solution)
                    (slope, nearest) = (slope + (slopeIsWeight ? _weight[i] * _weight[i] : _weight[i]), Math.Min(nearest, _level[i]));
                else
                    gained += _weight[i] * _room[i];
            }

            return (slope, gained, nearest);
        }
    }
}
