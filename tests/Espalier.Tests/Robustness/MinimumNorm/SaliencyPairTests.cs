using Espalier.Randomness;
using Espalier.Robustness.Attacks.MinimumNorm;

namespace Espalier.Tests.Robustness.MinimumNorm;

public sealed class SaliencyPairTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Two_layers_hold_the_best_of_all_pairs(int sign)
    {
        int found = 0;
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new SplitMix64(seed, 3);
            int features = 2 + random.NextBelow(30);
            // The shift makes cases in which no pair, one pair or many pairs help.
            double shift = 3 * random.NextDouble();
            float[] wanted = new float[features];
            float[] others = new float[features];
            bool[] mayMove = new bool[features];
            for (int i = 0; i < features; i++)
            {
                wanted[i] = (float)(sign * (random.NextNormal() - shift));
                others[i] = (float)(sign * (random.NextNormal() + shift - 1));
                mayMove[i] = random.NextBelow(5) > 0;
            }

            double best = 0;
            for (int p = 0; p < features; p++)
            {
                for (int q = p + 1; q < features; q++)
                {
                    if (mayMove[p] && mayMove[q])
                        best = Math.Max(best, Saliency(p, q));
                }
            }

            (int First, int Second)? pair = SaliencyPair.Best(wanted, others, mayMove, sign);
            Assert.Equal(best > 0, pair is not null);
            if (pair is not var (first, second))
                continue;
            found++;
            Assert.True(mayMove[first] && mayMove[second] && first != second);
            Assert.Equal(best, Saliency(first, second), 1e-9);

            double Saliency(int p, int q)
            {
                double gain = sign * ((double)wanted[p] + wanted[q]);
                double fall = sign * ((double)others[p] + others[q]);
                return gain > 0 && fall < 0 ? -gain * fall : 0;
            }
        }

        Assert.InRange(found, 100, 290);
    }
}
