namespace Espalier.Data;

/// <summary>Some samples of a source, ready for an objective. Whoever gathered it disposes of it.</summary>
public interface IBatch : IDisposable
{
    /// <summary>Number of samples.</summary>
    int Count { get; }

    /// <summary>
    /// The position of the first sample in the sample stream; sample i stands at Position + i. What is random about a sample is a
    /// function of the seed and its position, so that batch size, workers and ranks do not change it.
    /// </summary>
    long Position { get; }
}
