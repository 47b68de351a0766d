using Espalier.Data;

namespace OwnArea;

/// <summary>Points on a line with noise: point i is a function of the seed and i, so that nothing is held in memory.</summary>
internal sealed class NoisyLine(long count, double slope, double noise, int seed) : ISampleSource<PointBatch>
{
    public string Name => "noisy line";

    public long Count => count;

    public torch.Device Device => torch.CPU;

    public string Fingerprint => FormattableString.Invariant($"line {count} {slope} {noise} {seed}");

    public PointBatch Gather(ReadOnlySpan<long> indices, long position)
    {
        (float[] x, float[] y) = (new float[indices.Length], new float[indices.Length]);
        for (int i = 0; i < indices.Length; i++)
        {
            var random = new Espalier.Randomness.SplitMix64(seed, indices[i]);
            x[i] = (float)random.NextBetween(-1, 1);
            y[i] = (float)((slope * x[i]) + (noise * random.NextNormal()));
        }

        return new PointBatch(torch.tensor(x, [x.Length, 1]), torch.tensor(y, [y.Length, 1])) { Position = position };
    }
}
