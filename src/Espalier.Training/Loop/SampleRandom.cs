using System.Runtime.InteropServices;

namespace Espalier.Training.Loop;

/// <summary>
/// Randomness that belongs to samples and not to batches: a draw is a function of the seed, the sample's position in the
/// sample stream, the view, and how many draws came before it in this forward pass. So dropout masks are the same at every
/// micro-batch size and on every number of ranks, and a second pass over a micro-batch draws what the first one drew.
/// The trainer opens a scope for each micro-batch; outside of one, layers fall back on torch's default generator.
/// </summary>
public static class SampleRandom
{
    [ThreadStatic]
    private static Scope? _current;

    /// <summary>Starts the draws of a micro-batch on this thread.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="position">Stream position of the first sample.</param>
    /// <param name="count">Samples of the micro-batch, at least 1.</param>
    /// <returns>Ends the scope when disposed.</returns>
    public static IDisposable Begin(int seed, long position, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var scope = new Scope(seed, position, count, _current);
        _current = scope;
        return scope;
    }

    /// <summary>
    /// A mask that keeps each element with a probability and divides what it keeps by it. Row r of a batch of v·count rows
    /// belongs to sample r mod count in view r / count.
    /// </summary>
    /// <param name="shape">Shape of the mask; the first dimension is the batch.</param>
    /// <param name="keep">Probability of keeping, in (0, 1].</param>
    /// <param name="like">Gives type and device.</param>
    /// <returns>0 or 1/keep.</returns>
    public static Tensor KeepMask(long[] shape, double keep, Tensor like)
    {
        if (_current is not { } scope || shape[0] % scope.Count != 0)
            return torch.empty(shape, dtype: like.dtype, device: like.device).bernoulli_(keep).div_(keep);
        Tensor mask = torch.empty(shape, dtype: torch.float32);
        Fill(scope, MemoryMarshal.Cast<byte, float>(mask.bytes), (int)shape[0], keep);
        return like.dtype == torch.float32 && like.device_type == DeviceType.CPU ? mask : mask.to(like.dtype, like.device);
    }

    /// <summary>Remembers where the draws stand, to draw the same again: for layers that are computed twice.</summary>
    /// <returns>Starts the same draws on the calling thread; they end when its result is disposed.</returns>
    public static Func<IDisposable> Capture()
    {
        (Scope? scope, int draws) = (_current, _current?.Draws ?? 0);
        return () => new Repetition(scope, draws);
    }

    /// <summary>How many views of the micro-batch's samples so many rows are; 1 where that cannot be told.</summary>
    internal static long Views(long rows) => _current is { } scope && rows % scope.Count == 0 ? rows / scope.Count : 1;

    private static void Fill(Scope scope, Span<float> mask, int rows, double keep)
    {
        int width = mask.Length / rows;
        ulong draw = (ulong)scope.Draws++;
        float kept = (float)(1 / keep);
        ulong threshold = keep >= 1 ? ulong.MaxValue : (ulong)(keep * 4294967296.0);
        for (int row = 0; row < rows; row++)
        {
            (int view, int sample) = Math.DivRem(row, scope.Count);
            ulong key = KeyedRandom.Mix(KeyedRandom.Mix(scope.Key ^ KeyedRandom.Mix((ulong)(scope.Position + sample))) ^ ((draw << 20) | (uint)view));
            Span<float> target = mask.Slice(row * width, width);
            for (int i = 0; i < width; i += 2)
            {
                ulong bits = KeyedRandom.Mix(key + ((ulong)i * 0x9e3779b97f4a7c15));
                target[i] = (bits >> 32) < threshold ? kept : 0;
                if (i + 1 < width)
                    target[i + 1] = (uint)bits < threshold ? kept : 0;
            }
        }
    }

    /// <summary>Earlier draws, drawn again.</summary>
    private sealed class Repetition : IDisposable
    {
        private readonly Scope? _outer = _current;
        private readonly Scope? _scope;
        private readonly int _draws;

        public Repetition(Scope? scope, int draws)
        {
            (_scope, _draws, _current) = (scope, scope?.Draws ?? 0, scope);
            if (scope is not null)
                scope.Draws = draws;
        }

        public void Dispose()
        {
            if (_scope is not null)
                _scope.Draws = _draws;
            _current = _outer;
        }
    }

    private sealed class Scope(int seed, long position, int count, Scope? outer) : IDisposable
    {
        public ulong Key { get; } = KeyedRandom.Mix((uint)seed);

        public long Position { get; } = position;

        public int Count { get; } = count;

        public int Draws { get; set; }

        public void Dispose() => _current = outer;
    }
}
