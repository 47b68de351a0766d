using System.Globalization;
using Espalier.Runs.Reports;
using Espalier.Training.Scaling;

namespace Espalier.Reproductions;

/// <summary>
/// The paper's noisy parabola: L = aθ²/2 with gradient noise, followed in its mean path, which is known exactly; a = 1,
/// η = 1e-4, ρ = 0.9999, 10,000 base steps, θ taken after the step.
/// </summary>
internal static class NoisyParabola
{
    private const double Rate = 1e-4;
    private const double Momentum = 0.9999;
    private const int Steps = 10_000;

    private static readonly (int Kappa, EmaScaling Scaling, double Published)[] Reference =
    [
        (8, EmaScaling.None, 0.0877), (8, EmaScaling.Linear, 1.49e-4), (8, EmaScaling.Exponential, 1.21e-4), (8, EmaScaling.TwoPoint, 2.8e-5),
        (256, EmaScaling.None, 0.1036), (256, EmaScaling.Linear, 5.46e-3), (256, EmaScaling.Exponential, 4.38e-3), (256, EmaScaling.TwoPoint, 1.03e-3),
    ];

    public static ReproductionPart Run(ReproductionContext context)
    {
        context.Report("noisy parabola");
        double[] ground = Path(1, EmaScaling.Exponential);
        Claim[] claims = [.. Reference.Select(r =>
        {
            double departure = Departure(Path(r.Kappa, r.Scaling), ground, r.Kappa);
            double digit = Math.Pow(10, Math.Floor(Math.Log10(r.Published)) - 1);
            return new Claim($"mean |ζ - ζ_base| at κ = {r.Kappa}, {Name(r.Scaling)}", Text(r.Published), Text(departure), Math.Abs(departure - r.Published) <= digit / 2);
        })];
        int[] kappas = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1000];
        (double X, double Y)[] best = [.. kappas.Select(k => ((double)k, BestExponent(k, ground) / k))];
        Claim optimum = new("largest distance of the best exponent from κ, for κ ≤ 32", "within 1 %", best.Where(b => b.X <= 32).Max(b => Math.Abs(b.Y - 1)).ToString("P2", CultureInfo.InvariantCulture),
            best.Where(b => b.X <= 32).All(b => Math.Abs(b.Y - 1) < 0.01));
        ChartSeries Curve(EmaScaling scaling) => new(Name(scaling), [.. kappas.Select(k => (Math.Log2(k), Math.Log10(Departure(Path(k, scaling), ground, k))))]) { Markers = true };
        string gap = new LineChart
        {
            Description = "Departure of the average from the base batch's over κ, for each way of scaling the momentum",
            XLabel = "log2 κ",
            YLabel = "log10 mean |ζ - ζ_base|",
            Series = [Curve(EmaScaling.None), Curve(EmaScaling.Linear), Curve(EmaScaling.Exponential), Curve(EmaScaling.TwoPoint)],
        }.ToSvg();
        string exponent = new LineChart
        {
            Description = "The exponent that follows the base batch best, over κ",
            XLabel = "log2 κ",
            YLabel = "best exponent / κ",
            Series = [new("best exponent", [.. best.Select(b => (Math.Log2(b.X), b.Y))]) { Markers = true }, new("the rule", [(1, 1), (Math.Log2(1000), 1)]) { Reference = true }],
        }.ToSvg();
        return new ReproductionPart("parabola", "The mean path of the noisy parabola is known in closed form: no seeds, no data.", [.. claims, optimum], [("Departure from the base batch", gap), ("Best exponent", exponent)]);
    }

    internal static string Name(EmaScaling scaling) => scaling switch
    {
        EmaScaling.None => "momentum kept",
        EmaScaling.Linear => "linear rule",
        EmaScaling.TwoPoint => "two-point rule",
        _ => "EMA scaling rule",
    };

    /// <summary>ζ at the start and after every step of batch κ.</summary>
    private static double[] Path(int kappa, EmaScaling scaling) => Path(kappa, scaling switch
    {
        EmaScaling.None => Momentum,
        EmaScaling.Linear => 1 - (kappa * (1 - Momentum)),
        _ => Math.Pow(Momentum, kappa),
    }, scaling == EmaScaling.TwoPoint);

    private static double[] Path(int kappa, double momentum, bool isTwoPoint)
    {
        (double before, double after) = isTwoPoint ? ScalingRule.TwoPointWeights(Momentum, kappa) : (0, 1 - momentum);
        (double theta, double zeta) = (1, 1);
        double[] path = new double[(Steps / kappa) + 1];
        path[0] = zeta;
        for (int i = 1; i < path.Length; i++)
        {
            double earlier = theta;
            theta *= 1 - (kappa * Rate);
            zeta = (momentum * zeta) + (before * earlier) + (after * theta);
            path[i] = zeta;
        }

        return path;
    }

    private static double Departure(double[] path, double[] ground, int kappa) => path.Select((z, i) => Math.Abs(z - ground[i * kappa])).Average();

    /// <summary>Golden section over the exponent e of ρ^e.</summary>
    private static double BestExponent(int kappa, double[] ground)
    {
        (double low, double high) = (0.2 * kappa, 3.0 * kappa);
        double golden = (Math.Sqrt(5) - 1) / 2;
        for (int i = 0; i < 80; i++)
        {
            double left = high - (golden * (high - low));
            double right = low + (golden * (high - low));
            if (At(left) < At(right))
                high = right;
            else
                low = left;
        }

        return (low + high) / 2;

        double At(double exponent) => Departure(Path(kappa, Math.Pow(Momentum, exponent), false), ground, kappa);
    }

    private static string Text(double value) => value.ToString("0.###e+0", CultureInfo.InvariantCulture);
}
