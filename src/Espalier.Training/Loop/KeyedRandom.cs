namespace Espalier.Training.Loop;

/// <summary>
/// Randomness as a function of where the training stands, not of what was drawn before: draws follow the seed and the position in
/// the sample stream. A resumed training then needs no generator state to continue bit for bit.
/// </summary>
internal static class KeyedRandom
{
    private static readonly Lock s_generator = new();

    /// <summary>
    /// Opens the scope of <see cref="SampleRandom"/> for a micro-batch. For modules that draw from torch's default generator it is seeded meanwhile, and
    /// its state restored afterwards: of trainings on several threads one micro-batch is computed at a time, or each would draw from the other's seed.
    /// </summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="micro">The micro-batch.</param>
    /// <param name="draws">How the training draws.</param>
    /// <returns>Ends the draws; to be disposed of by the thread that began them.</returns>
    public static IDisposable Begin(int seed, MicroBatch micro, GeneratorUse draws)
    {
        if (draws == GeneratorUse.None)
            return SampleRandom.Begin(seed, micro.Position, micro.Count);
        if (draws == GeneratorUse.Shared)
        {
            Seed(seed, micro);
            return SampleRandom.Begin(seed, micro.Position, micro.Count);
        }

        s_generator.Enter();
        try
        {
            return new Turn(seed, micro);
        }
        catch
        {
            s_generator.Exit();
            throw;
        }
    }

    /// <summary>The finalizer of SplitMix64 (Steele et al. 2014).</summary>
    internal static ulong Mix(ulong z)
    {
        z += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }

    private static void Seed(int seed, MicroBatch micro) =>
        torch.manual_seed((long)(Mix(((ulong)(uint)seed << 32) ^ Mix((ulong)micro.Position)) >> 1)).Dispose();

    private sealed class Turn : IDisposable
    {
        private readonly Tensor _before = torch.get_rng_state().DetachFromDisposeScope();
        private readonly IDisposable _draws;

        public Turn(int seed, MicroBatch micro)
        {
            Seed(seed, micro);
            _draws = SampleRandom.Begin(seed, micro.Position, micro.Count);
        }

        public void Dispose()
        {
            _draws.Dispose();
            torch.set_rng_state(_before);
            _before.Dispose();
            s_generator.Exit();
        }
    }
}
