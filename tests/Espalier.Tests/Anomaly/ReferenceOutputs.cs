using Espalier.Anomaly.Detectors;
using Espalier.Models;

namespace Espalier.Tests.Anomaly;

/// <summary>Features, labels and a head that a few lines of numpy make as well: what reference values were computed from.</summary>
internal sealed class ReferenceOutputs : IDisposable
{
    public const int Samples = 60, Width = 6, Classes = 3, Queries = 5;

    public ReferenceOutputs()
    {
        using var scope = torch.NewDisposeScope();
        Tensor weight = (Random(Classes * Width, 1).view(Classes, Width) - 0.5) * 2 + 2 * torch.eye(Classes, Width, dtype: torch.float64);
        Tensor bias = Random(Classes, 2) - 0.5;
        Head = new LinearHead(weight, bias);
        Labels = torch.arange(Samples).remainder(Classes).DetachFromDisposeScope();
        Tensor fit = (Random(Samples * Width, 3).view(Samples, Width) * 2) + (torch.eye(Width, dtype: torch.float64).index_select(0, Labels) * 1.5);
        Tensor query = Random(Queries * Width, 4).view(Queries, Width) * 3;
        query[4].zero_();
        Fit = new NetworkOutputs(Head.Logits(fit), fit, Head);
        Query = new NetworkOutputs(Head.Logits(query), query, Head);
    }

    public LinearHead Head { get; }

    public Tensor Labels { get; }

    public NetworkOutputs Fit { get; }

    public NetworkOutputs Query { get; }

    public double[] Score(string text)
    {
        using ScoreRule rule = DetectorCatalog.Create(text);
        rule.Fit(Fit, Labels);
        using Tensor scores = rule.Score(Query);
        return scores.data<double>().ToArray();
    }

    public void Dispose()
    {
        Fit.Dispose();
        Query.Dispose();
        Labels.Dispose();
        Head.Dispose();
    }

    /// <summary>The linear congruential generator of the C standard's example, in [0, 1).</summary>
    public static Tensor Random(int count, long seed)
    {
        double[] values = new double[count];
        for (int i = 0; i < count; i++)
        {
            seed = ((seed * 1103515245) + 12345) % (1L << 31);
            values[i] = seed / (double)(1L << 31);
        }

        return torch.tensor(values);
    }
}
