using Espalier.Data;
using Espalier.Data.Sampling;
using Model = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Benchmarks.Workload;

/// <summary>
/// A training loop without a trainer, to compare one with. The order of the samples is drawn before the clock starts:
/// what remains of loading is one <c>index_select</c> for inputs and one for labels.
/// </summary>
public abstract class BareLoop : IDisposable
{
    private const int BatchesDrawn = 64;

    private readonly LabelledBatch _all;
    private readonly Tensor[] _batches;
    private int _next;

    /// <summary>A loop over the batches that the trainer would take.</summary>
    /// <param name="task">Data and batch size.</param>
    /// <param name="model">The model; freed with the loop.</param>
    protected BareLoop(DigitsTask task, Model model)
    {
        Model = model;
        Arithmetic = task.Arithmetic;
        _all = task.Train.All();
        var stream = new SampleStream(task.Train.Count, task.Options.Seed);
        _batches = [.. Enumerable.Range(0, BatchesDrawn).Select(i =>
            torch.tensor([.. stream.Take((long)i * task.BatchSize, task.BatchSize).Select(index => (long)index)], dtype: torch.int64))];
        model.train();
    }

    /// <summary>The loss of the latest step.</summary>
    public double Loss { get; protected set; }

    /// <summary>The share of right predictions in the latest step.</summary>
    public double Accuracy { get; protected set; }

    /// <summary>The model.</summary>
    protected Model Model { get; }

    /// <summary>The constants of a step.</summary>
    protected StepArithmetic Arithmetic { get; }

    /// <summary>One optimizer step.</summary>
    public void Step()
    {
        using var scope = torch.NewDisposeScope();
        Tensor index = _batches[_next++ % BatchesDrawn];
        Step(_all.Inputs.index_select(0, index), _all.Labels.index_select(0, index));
    }

    /// <summary>One optimizer step on a batch; runs inside a dispose scope.</summary>
    protected abstract void Step(Tensor inputs, Tensor labels);

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees what the loop made.</summary>
    protected virtual void Dispose(bool disposing)
    {
        _all.Dispose();
        foreach (Tensor batch in _batches)
            batch.Dispose();
        Model.Dispose();
    }
}
