namespace Espalier.Training.Loop;

/// <summary>A stretch of the sample stream that goes through the model at once.</summary>
/// <param name="Position">Its first sample.</param>
/// <param name="Count">Number of samples.</param>
internal readonly record struct MicroBatch(long Position, int Count);
