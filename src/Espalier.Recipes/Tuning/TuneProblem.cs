using System.Globalization;
using Espalier.Randomness;
using Espalier.Search;

namespace Espalier.Recipes.Tuning;

/// <summary>Settings judged by their metric and, beside it, their number of weights.</summary>
internal sealed class TuneProblem(TuneOptions options, string fingerprint, Func<IReadOnlyList<TuneGenome>, IReadOnlyList<TuneTrial>> judge) : SearchProblem<TuneGenome>
{
    // A diverged training is worse than any other, and finite.
    private const double Worst = 1e300;

    public override int ObjectiveCount => 2;

    public override string Fingerprint => fingerprint;

    public override TuneGenome Draw(ref SplitMix64 random)
    {
        double[] places = new double[options.Space.Count];
        for (int i = 0; i < places.Length; i++)
            places[i] = random.NextDouble();
        return new(places);
    }

    public override (TuneGenome First, TuneGenome Second) Cross(TuneGenome first, TuneGenome second, ref SplitMix64 random)
    {
        (double[] one, double[] other) = ([.. first.Places], [.. second.Places]);
        for (int i = 0; i < one.Length; i++)
        {
            if (random.NextBernoulli(0.5))
                (one[i], other[i]) = (other[i], one[i]);
        }

        return (new(one), new(other));
    }

    public override TuneGenome Mutate(TuneGenome genome, ref SplitMix64 random)
    {
        double[] places = [.. genome.Places];
        for (int i = 0; i < places.Length; i++)
        {
            if (!random.NextBernoulli(1.0 / places.Length))
                continue;

            // A tenth of the range to either side, reflected at its ends.
            double moved = Math.Abs(places[i] + (0.1 * random.NextNormal()));
            places[i] = Math.Clamp(moved >= 1 ? 2 - moved : moved, 0, 1 - 1e-12);
        }

        return new(places);
    }

    public override string Key(TuneGenome genome) =>
        string.Join(", ", options.Space.Select((s, i) => string.Create(CultureInfo.InvariantCulture, $"{s.Key}={s.Value.At(genome.Places[i])}")));

    public override IReadOnlyList<SearchEvaluation> Evaluate(IReadOnlyList<TuneGenome> genomes, SearchRivals rivals, CancellationToken cancellationToken) =>
        [.. judge(genomes).Select(t => new SearchEvaluation([double.IsNaN(t.Value) ? Worst : options.Maximize ? -t.Value : t.Value, t.Parameters]))];
}
