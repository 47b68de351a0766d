namespace Espalier.Training;

/// <summary>
/// Randomness as a function of where the training stands, not of what was drawn before: the default generator is seeded
/// anew for each micro-batch from the seed and its position in the sample stream. A resumed training then needs no
/// generator state to continue bit for bit.
/// </summary>
internal static class KeyedRandom
{
    /// <summary>Seeds torch's default generator for a micro-batch, and opens the scope of <see cref="SampleRandom"/>.</summary>
    public static IDisposable Begin(int seed, MicroBatch micro)
    {
        using torch.Generator generator = torch.manual_seed((long)(Mix(((ulong)(uint)seed << 32) ^ Mix((ulong)micro.Position)) >> 1));
        return SampleRandom.Begin(seed, micro.Position, micro.Count);
    }

    /// <summary>The finalizer of SplitMix64 (Steele et al. 2014).</summary>
    internal static ulong Mix(ulong z)
    {
        z += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
