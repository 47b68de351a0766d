using System.Globalization;
using Espalier.Randomness;
using Espalier.Search;

namespace Espalier.Tests.Search;

/// <summary>One real number in [0, 1], judged by one function.</summary>
internal sealed class Line(Func<double, double> objective) : SearchProblem<double>
{
    public override int ObjectiveCount => 1;

    public override string Fingerprint => "line";

    public override double Draw(ref SplitMix64 random) => random.NextDouble();

    public override (double First, double Second) Cross(double first, double second, ref SplitMix64 random)
    {
        double share = random.NextDouble();
        return ((share * first) + ((1 - share) * second), (share * second) + ((1 - share) * first));
    }

    public override double Mutate(double genome, ref SplitMix64 random) => genome + (0.1 * random.NextNormal());

    public override double Repair(double genome) => Math.Clamp(genome, 0, 1);

    public override string Key(double genome) => genome.ToString("R", CultureInfo.InvariantCulture);

    public override IReadOnlyList<SearchEvaluation> Evaluate(IReadOnlyList<double> genomes, SearchRivals rivals, CancellationToken cancellationToken) =>
        [.. genomes.Select(g => new SearchEvaluation([objective(g)]))];
}
