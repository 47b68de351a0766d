using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The Euclidean distance from z / ‖z‖ to its k-th nearest among the fit samples (Sun et al., "Out-of-Distribution Detection
/// with Deep Nearest Neighbors", ICML 2022). Candidates are found by matrix products in float, block by block; the few around
/// rank k are measured again in double.
/// </summary>
public sealed class NearestNeighbour : ScoreRule
{
    // Ranks around k among which float products may be in the wrong order.
    private const int Margin = 8;
    private const long QueryBlock = 512;
    private const long BankBlock = 16_384;

    private readonly int _k;

    /// <summary>Creates the rule.</summary>
    /// <param name="k">Which neighbour, at least 1; 50 in the paper for CIFAR-10.</param>
    /// <exception cref="OptionsException">k is below 1.</exception>
    public NearestNeighbour(int k = 50) : base("knn", DetectorNeeds.Features | DetectorNeeds.Fit, ("k", k))
    {
        OptionsException.Require(k >= 1, nameof(k), k, "must be at least 1");
        _k = k;
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        OptionsException.Require(_k <= outputs.Count, "k", _k, $"must be at most the {outputs.Count} fit samples");
        Keep("bank", UnitRows.Of(outputs.Features!.to(torch.float64)));
        Keep("bank.float", Kept("bank").to(torch.float32));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("bank", FittedArray.Rows, features), new("bank.float", FittedArray.Rows, features) { Type = torch.ScalarType.Float32 }];

    private protected override long LeastRows => _k;

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor result = torch.empty(features!.shape[0], dtype: torch.float64);
        for (long from = 0; from < features.shape[0]; from += QueryBlock)
        {
            using var block = torch.NewDisposeScope();
            long count = Math.Min(QueryBlock, features.shape[0] - from);
            result.narrow(0, from, count).copy_(Distance(UnitRows.Of(features.narrow(0, from, count))));
        }

        return result;
    }

    private Tensor Distance(Tensor queries)
    {
        (Tensor bank, Tensor rough) = (Kept("bank"), Kept("bank.float"));
        Tensor float32 = queries.to(torch.float32);
        int wanted = (int)Math.Min(bank.shape[0], _k + Margin);
        (Tensor? similar, Tensor? which) = (null, null);
        for (long from = 0; from < bank.shape[0]; from += BankBlock)
        {
            long count = Math.Min(BankBlock, bank.shape[0] - from);
            (Tensor best, Tensor place) = float32.matmul(rough.narrow(0, from, count).t()).topk((int)Math.Min(wanted, count), 1, sorted: false);
            similar = similar is null ? best : torch.cat([similar, best], 1);
            which = which is null ? place : torch.cat([which, place + from], 1);
        }

        // From high similarity to low; the ranks before the margin are surely nearer than the k-th.
        Tensor order = similar!.topk(wanted, 1).indexes;
        int first = Math.Max(0, _k - 1 - Margin);
        Tensor near = which!.gather(1, order).narrow(1, first, wanted - first);
        Tensor exact = (bank.index_select(0, near.flatten()).view(near.shape[0], near.shape[1], bank.shape[1]) - queries.unsqueeze(1)).pow(2).sum([2L]);
        return exact.sort(1).Values.select(1, _k - 1 - first).sqrt();
    }
}
