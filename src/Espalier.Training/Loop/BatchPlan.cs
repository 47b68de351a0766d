using Espalier.Training.Normalization;

namespace Espalier.Training.Loop;

/// <summary>
/// Which samples of the stream make up which step, and which micro-batches of it each rank takes: a pure function of the
/// samples seen, so that the loader can run ahead and a resumed training goes on with another number of ranks.
/// </summary>
internal sealed class BatchPlan
{
    private readonly TrainerOptions _options;
    private readonly long _totalSamples;
    private readonly int _ranks;
    private readonly bool _normalizes;
    private readonly (long From, int BatchSize)[] _phases;

    /// <param name="options">Batch, micro-batch, schedule.</param>
    /// <param name="epochSize">Samples per epoch.</param>
    /// <param name="totalSamples">Samples of the training.</param>
    /// <param name="ranks">Number of processes.</param>
    /// <param name="normalizes">Whether a batch norm forbids micro-batches of one sample.</param>
    public BatchPlan(TrainerOptions options, long epochSize, long totalSamples, int ranks, bool normalizes)
    {
        (_options, _totalSamples, _ranks, _normalizes) = (options, totalSamples, ranks, normalizes);
        _phases = [(0, options.BatchSize), .. options.BatchSchedule.Select(p => (p.After.ToSamples(options.EffectiveBase, epochSize), p.BatchSize))];
    }

    /// <summary>Samples per forward and backward pass at a batch size.</summary>
    public int MicroBatchSize(int batchSize)
    {
        if (_options.MicroBatchSize is { } given)
            return Math.Min(given, batchSize);
        int share = (batchSize + _ranks - 1) / _ranks;
        return _options.MeasureNoiseScale && _ranks == 1 ? Math.Max(1, (share + 1) / 2) : share;
    }

    /// <summary>The batch size from a position on.</summary>
    public int BatchSizeAt(long position) => _phases.Last(p => p.From <= position).BatchSize;

    /// <summary>The step that begins at a position.</summary>
    public StepPlan StepAt(long position)
    {
        int batch = BatchSizeAt(position);
        int samples = (int)Math.Min(batch, _totalSamples - position);
        return new StepPlan(position, samples, batch, [.. Cut(position, samples, batch)]);
    }

    /// <summary>The micro-batches of one rank, step after step; all of a step's are given again for each phase, and twice where a coupled objective takes two passes.</summary>
    public IEnumerable<MicroBatch> Of(int rank, long position, int phases, bool isCoupled)
    {
        while (position < _totalSamples)
        {
            StepPlan step = StepAt(position);
            int passes = phases * (isCoupled && step.MicroBatches.Count > 1 ? 2 : 1);
            for (int pass = 0; pass < passes; pass++)
            {
                foreach (MicroBatch micro in step.Of(rank, _ranks))
                    yield return micro;
            }

            position += step.Samples;
        }
    }

    private IEnumerable<MicroBatch> Cut(long position, int samples, int batch)
    {
        if (_options.BatchNorm == BatchNormMode.Synchronized)
        {
            // Each rank takes part in every statistic, so each gets one micro-batch.
            for (int rank = 0; rank < _ranks; rank++)
            {
                int from = (int)((long)samples * rank / _ranks);
                int to = (int)((long)samples * (rank + 1) / _ranks);
                yield return new MicroBatch(position + from, to - from);
            }

            yield break;
        }

        int size = MicroBatchSize(batch);
        for (int done = 0; done < samples;)
        {
            int rest = samples - done;
            int count = _normalizes && rest == size + 1 ? rest : Math.Min(size, rest);
            yield return new MicroBatch(position + done, count);
            done += count;
        }
    }
}
