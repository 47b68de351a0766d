using System.Runtime.CompilerServices;

namespace Espalier.Randomness;

/// <summary>
/// A counter-based generator: the state is a counter, every output a strong mix of it, so that a stream is a pure
/// function of its keys on every platform and in every version (System.Random and libtorch promise neither). Source:
/// Steele, Lea, Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
/// </summary>
public struct SplitMix64
{
    private const ulong Gamma = 0x9E3779B97F4A7C15;
    private ulong _state;

    /// <summary>Two keys give one stream; different pairs give unrelated streams.</summary>
    /// <param name="key">Such as the seed.</param>
    /// <param name="subkey">Such as a position.</param>
    public SplitMix64(long key, long subkey) => _state = Mix(Mix((ulong)key + Gamma) ^ ((ulong)subkey * 0xD1B54A32D192ED03));

    /// <summary>Three keys give one stream; different triples give unrelated streams.</summary>
    /// <param name="key">Such as the seed.</param>
    /// <param name="subkey">Such as what the stream is for.</param>
    /// <param name="detail">Such as a position.</param>
    public SplitMix64(long key, long subkey, long detail) : this(key, subkey) => _state = Mix(_state ^ ((ulong)detail * 0xD6E8FEB86659FD93));

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(_state += Gamma);

    /// <summary>Uniform in 0..<paramref name="bound"/>-1, without the bias of a remainder (Lemire 2019).</summary>
    /// <param name="bound">At least 1.</param>
    public int NextBelow(int bound)
    {
        ulong range = (uint)bound;
        ulong product = (Next() >> 32) * range;
        if ((uint)product < range)
        {
            uint threshold = (uint)((0x1_0000_0000UL - range) % range);
            while ((uint)product < threshold)
                product = (Next() >> 32) * range;
        }

        return (int)(product >> 32);
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>].</summary>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end.</param>
    public double NextBetween(double low, double high) => low + ((high - low) * NextDouble());

    /// <summary>True with the probability given; 1 is always true, 0 never.</summary>
    /// <param name="probability">In [0, 1].</param>
    public bool NextBernoulli(double probability) => NextDouble() < probability;

    /// <summary>Standard normal (Box-Muller; the sine half is dropped to keep the stream's position simple).</summary>
    public double NextNormal()
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - NextDouble()));
        return radius * Math.Cos(2 * Math.PI * NextDouble());
    }

    /// <summary>Puts the items into a uniformly random order (Fisher-Yates).</summary>
    /// <param name="items">What is put in order.</param>
    public void Shuffle(Span<int> items)
    {
        for (int i = items.Length - 1; i > 0; i--)
        {
            int j = NextBelow(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
