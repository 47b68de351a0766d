namespace Espalier.Training.Loop;

/// <summary>
/// Randomness as a function of where the training stands, not of what was drawn before: the default generator is seeded
/// anew for each micro-batch from the seed and its position in the sample stream. A resumed training then needs no
/// generator state to continue bit for bit.
/// </summary>
internal static class KeyedRandom
{
    private static readonly Lock s_generator = new();

    /// <summary>
    /// Seeds torch's default generator for a micro-batch, and opens the scope of <see cref="SampleRandom"/>. The process has one default
    /// generator: of trainings on several threads one micro-batch is computed at a time, or each would draw from the other's seed.
    /// </summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="micro">The micro-batch.</param>
    /// <param name="isAlone">Whether the others may wait: not those of one training whose ranks wait for each other meanwhile.</param>
    /// <returns>Ends the draws; to be disposed of by the thread that began them.</returns>
    public static IDisposable Begin(int seed, MicroBatch micro, bool isAlone)
    {
        if (!isAlone)
            return Seeded(seed, micro);
        s_generator.Enter();
        try
        {
            return new Turn(Seeded(seed, micro));
        }
        catch
        {
            s_generator.Exit();
            throw;
        }
    }

    private static IDisposable Seeded(int seed, MicroBatch micro)
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

    private sealed class Turn(IDisposable draws) : IDisposable
    {
        public void Dispose()
        {
            draws.Dispose();
            s_generator.Exit();
        }
    }
}
