using Espalier.Errors;
using Espalier.Representation.Losses;

namespace Espalier.Representation.Evaluation;

/// <summary>
/// Notices representations that collapse to a point or to few dimensions: the spread of directions (Chen and He, SimSiam,
/// CVPR 2021, section 4.1) and the effective rank (Roy and Vetterli, EUSIPCO 2007; RankMe, Garrido et al., ICML 2023) of
/// the features as they are, not centred.
/// </summary>
public sealed class CollapseMonitor
{
    /// <summary>Creates the monitor.</summary>
    /// <param name="options">When it speaks of collapse.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public CollapseMonitor(CollapseMonitorOptions options)
    {
        options.Validate();
        Options = options;
    }

    /// <summary>When it speaks of collapse.</summary>
    public CollapseMonitorOptions Options { get; }

    /// <summary>Measures features.</summary>
    /// <param name="features">[n, d], n at least 2.</param>
    /// <exception cref="ShapeException">Another shape.</exception>
    /// <exception cref="DataException">Fewer than two rows, or a NaN.</exception>
    public CollapseReport Run(Tensor features)
    {
        LabelledFeatures.Check(features, nameof(features), atLeast: 2);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor x = features.detach().to(torch.float64); // [n, d]
        (long n, long d) = (x.shape[0], x.shape[1]);
        double spread = EmbeddingPair.Normalized(x).std(0, unbiased: false).mean().ToDouble() * Math.Sqrt(d);
        return new CollapseReport(spread, EffectiveRank(x, n, d), (int)d, spread < Options.CollapsedBelow);
    }

    // The singular values are the roots of the smaller Gram matrix's eigenvalues; those lost to rounding are below 1e-8 of
    // the largest and do not show in the entropy.
    private static double EffectiveRank(Tensor x, long n, long d)
    {
        Tensor gram = n >= d ? x.t().mm(x) : x.mm(x.t());
        Tensor singular = torch.linalg.eigvalsh(gram).clamp_min(0).sqrt();
        double sum = singular.sum().ToDouble();
        if (sum == 0)
            return 1;
        Tensor shares = singular / sum;
        return Math.Exp(-shares.xlogy(shares).sum().ToDouble());
    }
}
