using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>
/// A seed for each genome, a pure function of the search's seed and the genome: an evaluation that draws from it gives
/// the same value whenever and wherever it is made.
/// </summary>
public static class GenomeSeed
{
    /// <summary>The seed of one genome.</summary>
    /// <param name="seed">The search's seed.</param>
    /// <param name="key">The genome's canonical text, <see cref="SearchProblem{TGenome}.Key"/>.</param>
    public static long Of(long seed, string key)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        return unchecked((long)new SplitMix64(seed, BinaryPrimitives.ReadInt64LittleEndian(hash)).Next());
    }
}
