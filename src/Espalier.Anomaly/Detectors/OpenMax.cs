using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// The probability of an unknown class (Bendale and Boult, "Towards Open Set Deep Networks", CVPR 2016): of each class a Weibull
/// distribution is fitted to the largest distances of its samples that are classified right from their mean logit vector; the
/// α most likely classes give part of their logits to the unknown one.
/// </summary>
public sealed class OpenMax : ScoreRule
{
    // What libMR, the authors' library, moves the smallest distance to.
    private const double Shift = 1e4;

    private readonly int _tail;
    private readonly int _alpha;

    /// <summary>Creates the rule.</summary>
    /// <param name="tail">How many of the largest distances of a class are fitted, at least 2; all where there are fewer. 20 in the paper.</param>
    /// <param name="alpha">How many classes give to the unknown one, at least 1; 3 in the specification.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public OpenMax(int tail = 20, int alpha = 3) : base("openmax", DetectorNeeds.Logits | DetectorNeeds.Fit | DetectorNeeds.Labels, ("tail", tail), ("alpha", alpha))
    {
        OptionsException.Require(tail >= 2, nameof(tail), tail, "must be at least 2");
        OptionsException.Require(alpha >= 1, nameof(alpha), alpha, "must be at least 1");
        (_tail, _alpha) = (tail, alpha);
    }

    private protected override void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
        long classes = outputs.Logits.shape[1];
        Tensor right = outputs.Logits.argmax(1).eq(labels!).nonzero().flatten();
        Tensor logits = outputs.Logits.index_select(0, right);
        Tensor truth = labels!.index_select(0, right);
        Tensor means = ClassMeans.OfAll(logits, truth, classes, Name, "fit samples that are classified right");
        double[] distances = (logits - means.index_select(0, truth)).pow(2).sum([1L]).sqrt().data<double>().ToArray();
        long[] classOf = truth.data<long>().ToArray();
        double[] weibull = new double[3 * classes];
        for (int c = 0; c < classes; c++)
        {
            double[] tail = [.. distances.Where((_, i) => classOf[i] == c).OrderDescending().Take(_tail)];
            if (tail.Length < 2 || tail[0] == tail[^1])
                throw new DataException("fit samples", $"those of class {c} that are classified right have {tail.Distinct().Count()} distance from their mean", $"'{Name}' needs at least two different ones: fit it on more");
            double least = tail[^1];
            (weibull[3 * c], weibull[(3 * c) + 1]) = WeibullFit.MaximumLikelihood([.. tail.Select(d => d - least + Shift)]);
            weibull[(3 * c) + 2] = least;
        }

        Keep("means", means);
        Keep("weibull", torch.tensor(weibull).view(classes, 3));     // shape, scale, least distance
    }

    private protected override IEnumerable<FittedArray> Fitted(long features, long classes) => [new("means", classes, classes), new("weibull", classes, 3)];

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start)
    {
        int classes = (int)logits.shape[1];
        int ranked = Math.Min(_alpha, classes);
        Tensor distance = (logits.unsqueeze(1) - Kept("means").unsqueeze(0)).pow(2).sum([2L]).sqrt();      // [rows, classes]
        Tensor weibull = Kept("weibull");
        Tensor shifted = (distance - weibull.select(1, 2) + Shift).clamp_min(0);
        Tensor cdf = (shifted / weibull.select(1, 1)).pow(weibull.select(1, 0)).neg().expm1().neg();
        Tensor top = logits.topk(ranked, 1).indexes;
        Tensor share = torch.zeros_like(logits).scatter_(1, top, ((torch.arange(ranked, dtype: torch.float64).neg() + ranked) / ranked).expand(logits.shape[0], ranked));
        Tensor given = logits * cdf * share;
        return torch.cat([given.sum([1L], keepdim: true), logits - given], 1).softmax(1).select(1, 0);
    }
}
