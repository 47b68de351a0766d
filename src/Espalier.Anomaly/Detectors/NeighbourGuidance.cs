using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// -log sum exp(l) times the mean of the k largest products of z / ‖z‖ with a bank of fit samples, each z_i / ‖z_i‖ weighted by
/// its own log sum exp(l_i) (Park et al., "Nearest Neighbor Guidance for Out-of-Distribution Detection", ICCV 2023).
/// </summary>
public sealed class NeighbourGuidance : ScoreRule
{
    private const long QueryBlock = 512;

    private readonly int _k;
    private readonly double _share;
    private readonly int _least;
    private readonly int _seed;

    /// <summary>Creates the rule.</summary>
    /// <param name="k">How many products are averaged, at least 1; 100 in the paper.</param>
    /// <param name="share">The share of fit samples in the bank, in (0, 1]; 0.01 in the paper.</param>
    /// <param name="least">The least number of samples in the bank where there are as many.</param>
    /// <param name="seed">Which samples are drawn.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public NeighbourGuidance(int k = 100, double share = 0.01, int least = 10_000, int seed = 0)
        : base("nnguide", DetectorNeeds.Logits | DetectorNeeds.Features | DetectorNeeds.Fit, ("k", k), ("share", share), ("least", least), ("seed", seed))
    {
        OptionsException.Require(k >= 1, nameof(k), k, "must be at least 1");
        OptionsException.Require(share is > 0 and <= 1, nameof(share), share, "must be above 0 and at most 1");
        OptionsException.Require(least >= 1, nameof(least), least, "must be at least 1");
        (_k, _share, _least, _seed) = (k, share, least, seed);
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        long size = Math.Min(outputs.Count, Math.Max(_least, (long)Math.Round(_share * outputs.Count)));
        OptionsException.Require(_k <= size, "k", _k, $"must be at most the {size} samples of the bank");
        using var generator = new torch.Generator(unchecked((ulong)_seed));
        Tensor chosen = torch.randperm(outputs.Count, generator: generator).narrow(0, 0, size);
        Keep("bank", UnitRows.Of(outputs.Features!.index_select(0, chosen).to(torch.float64)) * outputs.Logits.index_select(0, chosen).logsumexp(1, keepdim: true));
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("bank", FittedArray.Rows, features)];

    private protected override long LeastRows => _k;

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor guidance = torch.empty(features!.shape[0], dtype: torch.float64);
        for (long from = 0; from < features.shape[0]; from += QueryBlock)
        {
            using var block = torch.NewDisposeScope();
            long count = Math.Min(QueryBlock, features.shape[0] - from);
            guidance.narrow(0, from, count).copy_(UnitRows.Of(features.narrow(0, from, count)).matmul(Kept("bank").t()).topk(_k, 1, sorted: false).values.mean([1L]));
        }

        return -logits.logsumexp(1) * guidance;
    }
}
