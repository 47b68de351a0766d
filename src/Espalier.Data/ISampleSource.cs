using Espalier.Data.Sampling;

namespace Espalier.Data;

/// <summary>
/// What a training step is fed: a number of samples, gathered by index. Durations and the scaling rule count samples, whatever a sample is.
/// A source may be larger than memory, since only what is gathered is read.
/// </summary>
/// <typeparam name="TBatch">What several samples are together.</typeparam>
public interface ISampleSource<out TBatch>
    where TBatch : IBatch
{
    /// <summary>The source's name, for messages.</summary>
    string Name { get; }

    /// <summary>Number of samples: the length of an epoch. At least 1.</summary>
    long Count { get; }

    /// <summary>Where gathered tensors live.</summary>
    torch.Device Device { get; }

    /// <summary>A checksum of the content. Ranks compare it, and a resumed training compares it with that of its checkpoint.</summary>
    string Fingerprint { get; }

    /// <summary>
    /// Whether the samples are learned from all at once, such as the training nodes of a graph: one step an epoch. Excludes
    /// micro-batches, several ranks and the measurement of the noise scale.
    /// </summary>
    bool IsIndivisible => false;

    /// <summary>The order in which epochs go through the samples; a new permutation each epoch where null.</summary>
    /// <param name="seed">The seed of the order.</param>
    ISampleOrder? Order(int seed) => null;

    /// <summary>Gathers samples. A pure function of its arguments, called from the loader's thread.</summary>
    /// <param name="indices">Which samples, in 0..<see cref="Count"/>-1, in the order wanted.</param>
    /// <param name="position">The position of the first of them in the sample stream.</param>
    /// <returns>The samples; the caller disposes of them.</returns>
    TBatch Gather(ReadOnlySpan<long> indices, long position);
}
