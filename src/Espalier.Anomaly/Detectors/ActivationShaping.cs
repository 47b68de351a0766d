using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The energy after activations were pruned or scaled, by the share that the largest ones have in their sum. Made for
/// activations that are not negative.
/// </summary>
public abstract class ActivationShaping : ScoreRule
{
    private readonly double _percentile;
    private readonly bool _clips;

    private protected ActivationShaping(string name, double percentile, bool clip)
        : base(name, DetectorNeeds.Features | DetectorNeeds.Head, ("p", percentile), ("clip", clip ? 1 : 0)) =>
        (_percentile, _clips) = (Percentiles.Checked(percentile), clip);

    private protected sealed override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        Tensor z = _clips ? features!.clamp_min(0) : features!;
        if (z.numel() > 0 && z.min().ToDouble() < 0)
        {
            long row = start + z.amin([1]).lt(0).to(torch.int64).argmax().ToInt64();
            throw new DataException("features", $"row {row} holds a negative activation", $"'{Name}' is made for activations after a ReLU; with clip=1 negative ones count as zero");
        }

        long kept = z.shape[1] - (long)Math.Round(z.shape[1] * _percentile / 100);
        return Energy.Of(head!.Logits(kept == 0 ? torch.zeros_like(z) : Shape(z, (int)kept)));
    }

    /// <param name="z">[rows, D], not negative.</param>
    /// <param name="kept">How many of the largest count.</param>
    private protected abstract Tensor Shape(Tensor z, int kept);

    /// <summary>1 at the largest activations of each row, else 0.</summary>
    private protected static Tensor Largest(Tensor z, int kept) => torch.zeros_like(z).scatter_(1, z.topk(kept, 1, sorted: false).indexes, torch.ones([z.shape[0], kept], dtype: z.dtype));

    /// <summary>exp(Σ z / Σ of the kept ones), [rows, 1]; 1 where all activations are zero.</summary>
    private protected static Tensor Gain(Tensor z, Tensor mask)
    {
        Tensor sum = z.sum([1L], keepdim: true);
        Tensor keptSum = (z * mask).sum([1L], keepdim: true);
        return torch.where(keptSum.gt(0), sum / keptSum, torch.zeros_like(sum)).exp();
    }
}
