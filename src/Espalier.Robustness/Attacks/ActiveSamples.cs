namespace Espalier.Robustness;

/// <summary>The samples of a batch that an attack still works on. Owns its tensors; shrinks as samples are fooled.</summary>
internal sealed class ActiveSamples : IDisposable
{
    /// <summary>Takes the given rows of a batch.</summary>
    public ActiveSamples(Tensor rows, Tensor centers, Tensor labels, Tensor? targets, Tensor start)
    {
        Rows = rows.clone().DetachFromDisposeScope();
        Centers = centers.index_select(0, rows).DetachFromDisposeScope();
        Labels = labels.index_select(0, rows).DetachFromDisposeScope();
        Targets = targets?.index_select(0, rows).DetachFromDisposeScope();
        Current = start.index_select(0, rows).DetachFromDisposeScope();
    }

    /// <summary>Their positions in the batch, [active].</summary>
    public Tensor Rows { get; private set; }

    /// <summary>The clean inputs, [active, ...].</summary>
    public Tensor Centers { get; private set; }

    /// <summary>The true classes, [active].</summary>
    public Tensor Labels { get; private set; }

    /// <summary>The classes wanted, [active].</summary>
    public Tensor? Targets { get; private set; }

    /// <summary>The present iterates, [active, ...].</summary>
    public Tensor Current { get; private set; }

    public long Count => Rows.shape[0];

    /// <summary>Goes on from other iterates.</summary>
    public void MoveTo(Tensor next) => Current = Replace(Current, next);

    /// <summary>Keeps some of the samples.</summary>
    /// <param name="kept">Positions among the active ones.</param>
    public void Keep(Tensor kept)
    {
        Rows = Replace(Rows, Rows.index_select(0, kept));
        Centers = Replace(Centers, Centers.index_select(0, kept));
        Labels = Replace(Labels, Labels.index_select(0, kept));
        Targets = Targets is null ? null : Replace(Targets, Targets.index_select(0, kept));
        Current = Replace(Current, Current.index_select(0, kept));
    }

    public void Dispose()
    {
        Rows.Dispose();
        Centers.Dispose();
        Labels.Dispose();
        Targets?.Dispose();
        Current.Dispose();
    }

    private static Tensor Replace(Tensor old, Tensor next)
    {
        old.Dispose();
        return next.DetachFromDisposeScope();
    }
}
