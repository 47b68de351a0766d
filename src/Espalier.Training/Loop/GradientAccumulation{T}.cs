using Espalier.Communication;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Normalization;
using Espalier.Training.Objectives;

namespace Espalier.Training.Loop;

/// <summary>
/// The gradient of one optimizer step from its micro-batches, over all ranks: summed losses, divided by nobody yet.
/// </summary>
internal sealed class GradientAccumulation<TBatch> : IDisposable
    where TBatch : IBatch
{
    private readonly Objective<TBatch> _objective;
    private readonly TrainerOptions _options;
    private readonly FlatParameters _parameters;
    private readonly NormalizationLayers _layers;
    private readonly ICommunicator _ranks;
    private readonly GradientBuckets _buckets;
    private readonly GeneratorUse _generator;
    private readonly Tensor? _earlier;
    private (long[] Shape, torch.ScalarType Type, torch.Device Device)? _row;

    public GradientAccumulation(Objective<TBatch> objective, TrainerOptions options, FlatParameters parameters, NormalizationLayers layers, ICommunicator ranks, GeneratorUse generator)
    {
        (_objective, _options, _parameters, _layers, _ranks) = (objective, options, parameters, layers, ranks);
        _generator = generator;
        _buckets = new GradientBuckets(objective.Model, parameters, ranks);
        if (options.MeasureNoiseScale)
            _earlier = torch.zeros_like(parameters.Gradients).DetachFromDisposeScope();
    }

    /// <summary>Fills the gradient buffer with the sum over the step.</summary>
    /// <param name="step">What the step is made of.</param>
    /// <param name="batches">This rank's micro-batches in order.</param>
    /// <param name="state">Where the training stands.</param>
    /// <param name="stop">Whether this rank was asked to stop.</param>
    public StepSums Run(StepPlan step, IEnumerator<TBatch> batches, TrainingState state, bool stop)
    {
        var sums = new StepSums { Stop = stop };
        _parameters.ZeroGradients();
        _earlier?.zero_();
        MicroBatch[] own = [.. step.Of(_ranks.Rank, _ranks.Size)];
        var marks = new List<int[]>();
        if (_objective is CoupledObjective<TBatch> coupled && step.MicroBatches.Count > 1)
            RunCoupled(coupled, step, own, batches, state, sums, marks);
        else
            RunPlain(own, batches, state, sums, marks);
        _buckets.Finish();
        sums.Sum(_ranks);
        if (sums.Diverged == 0)
            _layers.Absorb(step, marks);
        return sums;
    }

    public void Dispose()
    {
        _buckets.Dispose();
        _earlier?.Dispose();
    }

    private void RunPlain(MicroBatch[] own, IEnumerator<TBatch> batches, TrainingState state, StepSums sums, List<int[]> marks)
    {
        for (int i = 0; i < own.Length; i++)
        {
            using var scope = torch.NewDisposeScope();
            using TBatch batch = Next(batches);
            if (i == own.Length - 1 && _earlier is null)
                _buckets.Arm();
            using IDisposable random = KeyedRandom.Begin(_options.Seed, own[i], _generator);
            LossSum part = _objective.Step(batch, state);
            double value = part.Sum.ToDouble();
            sums.Loss += value;
            sums.Weight += part.Weight;
            sums.Correct += part.Correct?.ToDouble() ?? double.NaN;
            if (!double.IsFinite(value) && sums.Diverged == 0)
            {
                // Other ranks wait for this one's gradients; alone there is nothing to wait for.
                sums.Diverged = i + 1;
                if (_ranks.Size == 1)
                    return;
            }

            (part.Auxiliary is { } auxiliary ? part.Sum + auxiliary : part.Sum).backward();
            BackwardFailure.ThrowIfAny();
            MeasureSmall(part.Weight, sums);
            marks.Add(_layers.Mark());
        }
    }

    private void RunCoupled(CoupledObjective<TBatch> objective, StepPlan step, MicroBatch[] own, IEnumerator<TBatch> batches, TrainingState state, StepSums sums, List<int[]> marks)
    {
        using var scope = torch.NewDisposeScope();
        Tensor rows = EmbedAll(objective, step, own, batches, state).requires_grad_(true);
        LossSum loss = objective.Loss(rows, state);
        double value = loss.Sum.ToDouble();

        // What the loss itself uses of the model, such as a temperature, gets its gradient from the first rank alone: the ranks' gradients are added up.
        Tensor gradient;
        if (_ranks.Rank == 0)
        {
            loss.Sum.backward();
            gradient = rows.grad!;
        }
        else
        {
            gradient = torch.autograd.grad([loss.Sum], [rows])[0];
        }

        BackwardFailure.ThrowIfAny();
        if (!double.IsFinite(value))
            sums.Diverged = 1;
        if (_ranks.Rank == 0)
            (sums.Loss, sums.Weight) = (value, loss.Weight);
        for (int i = 0; i < own.Length; i++)
        {
            using var micro = torch.NewDisposeScope();
            using TBatch batch = Next(batches);
            if (i == own.Length - 1 && _earlier is null)
                _buckets.Arm();
            using IDisposable random = KeyedRandom.Begin(_options.Seed, own[i], _generator);
            Embedding embedding = objective.Embed(batch, state);
            sums.Correct += embedding.Correct?.ToDouble() ?? double.NaN;
            Tensor surrogate = (embedding.Rows * gradient.narrow(0, own[i].Position - step.Position, own[i].Count)).sum();
            (embedding.Auxiliary is { } auxiliary ? surrogate + auxiliary : surrogate).backward();
            BackwardFailure.ThrowIfAny();
            marks.Add(_layers.Mark());
        }
    }

    /// <summary>The first pass: the embeddings of the whole step without a graph, those of other ranks included.</summary>
    private Tensor EmbedAll(CoupledObjective<TBatch> objective, StepPlan step, MicroBatch[] own, IEnumerator<TBatch> batches, TrainingState state)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        _layers.Freeze();
        Tensor? all = null;
        foreach (MicroBatch micro in own)
        {
            using var pass = torch.NewDisposeScope();
            using TBatch batch = Next(batches);
            using IDisposable random = KeyedRandom.Begin(_options.Seed, micro, _generator);
            Tensor part = objective.Embed(batch, state).Rows;
            all ??= torch.zeros([step.Samples, .. part.shape[1..]], dtype: part.dtype, device: part.device).MoveToOuterDisposeScope();
            all.narrow(0, micro.Position - step.Position, micro.Count).copy_(part);
        }

        _layers.Thaw();
        if (all is not null)
            _row = (all.shape[1..], all.dtype, all.device);
        if (_ranks.Size > 1)
        {
            // The last step may leave a rank without a micro-batch; it still takes part in the sum.
            if (all is null && _row is { } row)
                all = torch.zeros([step.Samples, .. row.Shape], dtype: row.Type, device: row.Device);
            if (all is null)
                throw new OptionsException("batchSize", step.Samples, $"leaves a rank without a sample: give each of the {_ranks.Size} ranks at least one micro-batch");
            Tensor host = all.cpu();
            _ranks.Sum(host);
            all.copy_(host);
        }

        return all!.MoveToOuterDisposeScope();
    }

    private void MeasureSmall(double weight, StepSums sums)
    {
        if (_earlier is null || weight == 0)
            return;
        using var noGradients = torch.no_grad();
        double norm = (_parameters.Gradients - _earlier).norm().ToDouble() / weight;
        _earlier.copy_(_parameters.Gradients);
        (double squared, double inverse, double count) = sums.Small;
        sums.Small = (squared + (norm * norm), inverse + (1 / weight), count + 1);
    }

    private static TBatch Next(IEnumerator<TBatch> batches) => batches.MoveNext()
        ? batches.Current
        : throw new InvalidOperationException("the loader ended before the training");
}
