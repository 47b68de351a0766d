using System.Globalization;

namespace Espalier.Errors;

/// <summary>The training loss became NaN or infinite; the last good checkpoint is untouched.</summary>
public sealed class TrainingDivergedException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="step">The optimizer step, counted from 1.</param>
    /// <param name="microBatch">The micro-batch within the step, counted from 1.</param>
    /// <param name="samplesSeen">Samples seen before the step.</param>
    /// <param name="loss">The loss.</param>
    /// <param name="lastGoodCheckpoint">Where the last good checkpoint lies, or null.</param>
    /// <param name="suspicion">What may have caused it, where something is known.</param>
    public TrainingDivergedException(long step, int microBatch, long samplesSeen, double loss, string? lastGoodCheckpoint, string? suspicion = null)
        : base(
            string.Create(CultureInfo.InvariantCulture, $"the training loss is {loss} at step {step}, micro-batch {microBatch} (after {samplesSeen} samples){(suspicion is null ? "" : $": {suspicion}")}"),
            "lower the learning rate, lengthen the warm-up or set clipNorm"
                + (lastGoodCheckpoint is null ? "" : $"; the last good checkpoint is {lastGoodCheckpoint}"))
    {
        Step = step;
        MicroBatch = microBatch;
        SamplesSeen = samplesSeen;
    }

    /// <summary>The optimizer step, counted from 1.</summary>
    public long Step { get; }

    /// <summary>The micro-batch within the step, counted from 1.</summary>
    public int MicroBatch { get; }

    /// <summary>Samples seen before the step.</summary>
    public long SamplesSeen { get; }
}
