using Espalier.Errors;
using Espalier.Representation.Evaluation;

namespace Espalier.Tests.Representation;

public sealed class KnnProbeTests
{
    [Theory]
    [InlineData(20, 5_000_000)]
    [InlineData(20, 1)]
    [InlineData(7, 1000)]
    [InlineData(500, 5_000_000)]
    public void It_equals_a_loop_over_all_pairs(int neighbors, int atOnce)
    {
        const int size = 90, count = 40, classes = 7;
        const double temperature = .2;
        using var scope = torch.NewDisposeScope();
        Tensor bank = torch.randn(size, 5, dtype: torch.float64, generator: new torch.Generator(1));
        Tensor queries = torch.randn(count, 5, dtype: torch.float64, generator: new torch.Generator(2));
        Tensor bankLabels = (torch.arange(size) * 5) % classes, queryLabels = torch.arange(count) % classes;
        KnnProbeResult result = new KnnProbe(new() { Neighbors = neighbors, Temperature = temperature, SimilaritiesAtOnce = atOnce }).Run(bank, bankLabels, queries, queryLabels);

        double[,] b = (double[,])Rows(bank), q = (double[,])Rows(queries);
        int right = 0, five = 0;
        for (int i = 0; i < count; i++)
        {
            (double Cosine, int Label)[] near = [.. Enumerable.Range(0, size).Select(j => (Cosine(q, i, b, j), j * 5 % classes)).OrderByDescending(p => p.Item1).Take(neighbors)];
            int[] ranking = [.. Enumerable.Range(0, classes).Select(c => (Class: c, Votes: near.Where(p => p.Label == c).Sum(p => Math.Exp(p.Cosine / temperature)))).Where(p => p.Votes > 0).OrderByDescending(p => p.Votes).Select(p => p.Class)];
            Assert.Equal(ranking[0], result.Predicted[i]);
            right += ranking[0] == i % classes ? 1 : 0;
            five += ranking.Take(5).Contains(i % classes) ? 1 : 0;
        }

        Assert.Equal((double)right / count, result.Accuracy, 12);
        Assert.Equal((double)five / count, result.TopFiveAccuracy, 12);

        static double Cosine(double[,] x, int i, double[,] y, int j)
        {
            double dot = 0, xx = 0, yy = 0;
            for (int k = 0; k < x.GetLength(1); k++)
            {
                dot += x[i, k] * y[j, k];
                xx += x[i, k] * x[i, k];
                yy += y[j, k] * y[j, k];
            }

            return dot / Math.Sqrt(xx * yy);
        }

        static Array Rows(Tensor t) => t.data<double>().ToNDArray();
    }

    [Fact]
    public void Lengths_do_not_matter_and_a_query_in_the_bank_finds_itself()
    {
        using var scope = torch.NewDisposeScope();
        Tensor bank = torch.randn(50, 8, generator: new torch.Generator(1));
        Tensor labels = torch.arange(50) % 5;
        var probe = new KnnProbe(new() { Neighbors = 1 });
        Assert.Equal(1, probe.Run(bank, labels, bank * torch.linspace(.01, 100, 50).view(50, 1), labels).Accuracy);
    }

    [Fact]
    public void A_tiny_temperature_does_not_overflow()
    {
        using var scope = torch.NewDisposeScope();
        Tensor bank = torch.randn(50, 8, generator: new torch.Generator(1));
        Tensor labels = torch.arange(50) % 5;
        Assert.Equal(1, new KnnProbe(new() { Temperature = 1e-6 }).Run(bank, labels, bank, labels).Accuracy);
    }

    [Fact]
    public void A_class_that_the_bank_lacks_is_never_right()
    {
        using var scope = torch.NewDisposeScope();
        Tensor bank = torch.eye(4);
        KnnProbeResult result = new KnnProbe(new()).Run(bank, torch.tensor([0L, 1, 0, 1]), bank, torch.tensor([9L, 9, 9, 1]));
        Assert.Equal(.25, result.Accuracy);
    }

    [Fact]
    public void Features_that_cannot_be_used_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        Tensor bank = torch.eye(4), labels = torch.arange(4);
        var probe = new KnnProbe(new());
        Assert.Throws<ShapeException>(() => probe.Run(bank, labels, torch.rand(3, 5), torch.arange(3)));
        Assert.Throws<DataException>(() => probe.Run(bank / 0.0, labels, bank, labels));
        Assert.Throws<DataException>(() => probe.Run(bank, torch.zeros_like(labels), bank, labels));
        Assert.Equal("neighbors", Assert.Throws<OptionsException>(() => new KnnProbe(new() { Neighbors = 0 })).Option);
    }
}
