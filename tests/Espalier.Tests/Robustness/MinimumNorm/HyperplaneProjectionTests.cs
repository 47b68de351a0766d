using Espalier.Randomness;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.MinimumNorm;

public sealed class HyperplaneProjectionTests
{
    private const int Cases = 400;
    private const int Features = 12;

    [Theory]
    [InlineData(Norm.LInf, false)]
    [InlineData(Norm.LInf, true)]
    [InlineData(Norm.L2, false)]
    [InlineData(Norm.L2, true)]
    [InlineData(Norm.L1, true)]
    public void It_is_the_smallest_move_onto_the_plane_within_the_box(Norm norm, bool ofTensors)
    {
        using var scope = torch.NewDisposeScope();
        (double[][] normals, double[] values, double[][] down, double[][] up) = Draw();
        double[][] moves = Rows((ofTensors ? HyperplaneProjection.OfTensors : (Func<Norm, Tensor, Tensor, Tensor, Tensor, Tensor>)HyperplaneProjection.Displacement)
            (norm, Matrix(normals), torch.tensor(values), Matrix(down), Matrix(up)));
        int reached = 0;
        int beyond = 0;
        for (int n = 0; n < Cases; n++)
        {
            double[] room = [.. Enumerable.Range(0, Features).Select(i => RoomTowards(normals[n][i], values[n], down[n][i], up[n][i]))];
            double reach = normals[n].Zip(room, (w, c) => w == 0 ? 0 : Math.Abs(w) * c).Sum();
            for (int i = 0; i < Features; i++)
                Assert.InRange(moves[n][i], -down[n][i] - 1e-12, up[n][i] + 1e-12);
            double left = values[n] + normals[n].Zip(moves[n], (w, m) => w * m).Sum();
            if (reach < Math.Abs(values[n]))
            {
                beyond++;
                Assert.Equal(Math.Abs(values[n]) - reach, Math.Abs(left), 1e-9);
                continue;
            }

            reached++;
            Assert.Equal(0, left, 1e-9);
            Assert.Equal(Smallest(norm, normals[n], Math.Abs(values[n]), room), Size(norm, moves[n]), 1e-9);
        }

        Assert.InRange(reached, Cases / 4, Cases);
        Assert.InRange(beyond, 20, Cases);
    }

    [Fact]
    public void A_point_on_the_plane_stays_and_a_plane_without_direction_moves_nothing()
    {
        using var scope = torch.NewDisposeScope();
        foreach (Norm norm in (Norm[])[Norm.LInf, Norm.L2, Norm.L1])
        {
            Tensor wide = torch.full(2, 3, double.PositiveInfinity);
            Tensor moves = HyperplaneProjection.Displacement(norm, torch.tensor(new[,] { { 1f, -2f, 0f }, { 0f, 0f, 0f } }), torch.tensor(new[] { 0f, 1f }), wide, wide);
            Assert.All(moves.data<float>().ToArray(), m => Assert.Equal(0, m));
        }
    }

    /// <summary>Many wide rows, so that threads share them and vectors leave a remainder, in the type that attacks use.</summary>
    [Theory]
    [InlineData(Norm.LInf)]
    [InlineData(Norm.L2)]
    public void Row_by_row_and_all_at_once_are_the_same(Norm norm)
    {
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(7);
        Tensor normals = torch.randn([300, 787], generator: generator);
        Tensor down = torch.rand([300, 787], generator: generator);
        Tensor values = torch.randn([300], generator: generator) * torch.linspace(0, 400, 300);
        Tensor rows = HyperplaneProjection.Displacement(norm, normals, values, down, 1 - down);
        Tensor whole = HyperplaneProjection.OfTensors(norm, normals, values, down, 1 - down);
        Assert.Equal(torch.float32, rows.dtype);
        Assert.InRange((rows - whole).abs().max().ToDouble(), 0, 1e-6);
        Assert.InRange((values + (normals * rows).sum([1])).abs().gt(1e-2).sum().ToDouble(), 20, 200);
    }

    [Fact]
    public void Without_bounds_it_is_the_closed_form()
    {
        using var scope = torch.NewDisposeScope();
        Tensor normal = torch.tensor(new[,] { { 3f, -4f, 0f } });
        Tensor value = torch.tensor(new[] { 10f });
        Tensor wide = torch.full(1, 3, double.PositiveInfinity);
        float[] Moves(Norm norm) => HyperplaneProjection.Displacement(norm, normal, value, wide, wide).data<float>().ToArray();
        Assert.Equal([-10 / 7f, 10 / 7f, 0], Moves(Norm.LInf));
        Assert.Equal([-1.2f, 1.6f, 0], Moves(Norm.L2));
        Assert.Equal([0, 2.5f, 0], Moves(Norm.L1));
    }

    /// <summary>Planes and rooms of many kinds: narrow, wide, none at all, unbounded; weights of zero.</summary>
    private static (double[][] Normals, double[] Values, double[][] Down, double[][] Up) Draw()
    {
        var random = new SplitMix64(5, 1);
        double[][] normals = new double[Cases][];
        double[][] down = new double[Cases][];
        double[][] up = new double[Cases][];
        double[] values = new double[Cases];
        for (int n = 0; n < Cases; n++)
        {
            (normals[n], down[n], up[n]) = (new double[Features], new double[Features], new double[Features]);
            for (int i = 0; i < Features; i++)
            {
                normals[n][i] = random.NextBelow(6) == 0 ? 0 : random.NextNormal();
                down[n][i] = Room(ref random);
                up[n][i] = Room(ref random);
            }

            values[n] = 4 * random.NextNormal();
        }

        return (normals, values, down, up);

        static double Room(ref SplitMix64 random) => random.NextBelow(12) switch
        {
            0 => double.PositiveInfinity,
            1 => 0,
            2 => 0.5,
            _ => random.NextDouble(),
        };
    }

    /// <summary>How far a feature may go in the direction that brings the value nearer to zero.</summary>
    private static double RoomTowards(double weight, double value, double down, double up) => weight == 0 ? 0 : weight * value > 0 ? down : up;

    /// <summary>The least size, by bisection on the level (L-inf, L2) or as the value of the dual linear program (L1).</summary>
    private static double Smallest(Norm norm, double[] normal, double need, double[] room)
    {
        double[] weight = [.. normal.Select(Math.Abs)];
        if (norm == Norm.L1)
        {
            // max over λ of λ·need - Σ max(0, λ·w - 1)·room, which is concave and piecewise linear with corners at 1/w.
            return weight.Where(w => w > 0).Select(w => 1 / w).Append(0)
                .Max(level => (level * need) - weight.Zip(room, (w, c) => level * w > 1 + 1e-12 ? ((level * w) - 1) * c : 0).Sum());
        }

        double[] At(double level) => [.. weight.Zip(room, (w, c) => w == 0 ? 0 : Math.Min(norm == Norm.LInf ? level : level * w, c))];
        (double low, double high) = (0, 1e6);
        for (int i = 0; i < 200; i++)
        {
            double middle = (low + high) / 2;
            if (At(middle).Zip(weight, (s, w) => s * w).Sum() < need)
                low = middle;
            else
                high = middle;
        }

        return Size(norm, At(high));
    }

    private static double Size(Norm norm, double[] move) => norm switch
    {
        Norm.LInf => move.Max(Math.Abs),
        Norm.L2 => Math.Sqrt(move.Sum(m => m * m)),
        _ => move.Sum(Math.Abs),
    };

    private static Tensor Matrix(double[][] rows) => torch.stack(rows.Select(r => torch.tensor(r)).ToArray());

    private static double[][] Rows(Tensor matrix) => [.. matrix.data<double>().ToArray().Chunk(Features)];
}
