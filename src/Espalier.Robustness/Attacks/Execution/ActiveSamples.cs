using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>The samples of a batch that an attack still works on. Owns its tensors; shrinks as samples are fooled.</summary>
internal sealed class ActiveSamples : IDisposable
{
    private readonly List<RowState> _states = [];
    private readonly RowState _rows;
    private readonly RowState _clean;
    private readonly RowState _start;
    private readonly RowState _labels;
    private readonly RowState? _targets;
    private readonly long[] _allKeys;

    /// <summary>Takes the given rows of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="rows">[active], int64; one that comes several times is attacked in several ways at once.</param>
    /// <param name="radius">How far each may be moved from the batch's start.</param>
    public ActiveSamples(AttackedBatch batch, Tensor rows, double radius)
    {
        _rows = Track(rows.clone());
        _clean = Track(batch.Clean.index_select(0, rows));
        _start = batch.IsChained ? Track(batch.Start.index_select(0, rows)) : _clean;
        _labels = Track(batch.Labels.index_select(0, rows));
        _targets = batch.Targets is null ? null : Track(batch.Targets.index_select(0, rows));
        _allKeys = batch.Keys;
        Region = PerturbationRegion.Of(batch.Norm, this, _clean, batch.Epsilon, _start, radius, batch.Target.Classifier.Bounds, batch.Scales);
        ReadPositions();
        IsStacked = Positions.Distinct().Count() < Count;
    }

    /// <summary>Takes a whole batch, outside of an attack.</summary>
    /// <param name="clean">[n, ...], the inputs.</param>
    /// <param name="labels">[n].</param>
    /// <param name="keys">[n], what each sample's randomness is a function of.</param>
    /// <param name="norm">What measures a change.</param>
    /// <param name="radius">How far each may be moved.</param>
    /// <param name="bounds">Legal inputs.</param>
    public ActiveSamples(Tensor clean, Tensor labels, long[] keys, Norm norm, double radius, Models.InputBounds bounds)
    {
        _rows = Track(torch.arange(clean.shape[0], device: clean.device));
        _clean = Track(clean.clone());
        _start = _clean;
        _labels = Track(labels.clone());
        _allKeys = keys;
        Region = PerturbationRegion.Of(norm, this, _clean, radius, _start, radius, bounds, null);
        ReadPositions();
    }

    /// <summary>Their positions in the batch, [active].</summary>
    public Tensor Rows => _rows.Value;

    /// <summary>The clean inputs, [active, ...].</summary>
    public Tensor Clean => _clean.Value;

    /// <summary>Where the attack begins, [active, ...]: the clean inputs, or what an earlier stage has made of them.</summary>
    public Tensor Start => _start.Value;

    /// <summary>The true classes, [active].</summary>
    public Tensor Labels => _labels.Value;

    /// <summary>The classes wanted, [active].</summary>
    public Tensor? Targets => _targets?.Value;

    /// <summary><see cref="Rows"/> in plain memory, read once after each change.</summary>
    public long[] Positions { get; private set; } = [];

    /// <summary><see cref="Labels"/> in plain memory.</summary>
    public long[] Classes { get; private set; } = [];

    /// <summary><see cref="Targets"/> in plain memory.</summary>
    public long[]? TargetClasses { get; private set; }

    /// <summary>What their randomness is a function of, [active].</summary>
    public long[] Keys { get; private set; } = [];

    /// <summary>Where their perturbed inputs may lie.</summary>
    public PerturbationRegion Region { get; }

    public int Count => Positions.Length;

    /// <summary>Whether a sample stands in several rows.</summary>
    public bool IsStacked { get; }

    /// <summary>Adds a tensor that shrinks with the samples; it is taken over.</summary>
    /// <param name="value">[active, ...].</param>
    public RowState Track(Tensor value)
    {
        var state = new RowState(value);
        _states.Add(state);
        return state;
    }

    /// <summary>Keeps those that a condition holds for.</summary>
    /// <param name="condition">[active], bool.</param>
    /// <returns>Whether any are left.</returns>
    public bool KeepWhere(Tensor condition)
    {
        Tensor kept = condition.nonzero().flatten();
        if (kept.shape[0] < Count)
        {
            foreach (RowState state in _states)
                state.Keep(kept);
            ReadPositions();
        }

        return Count > 0;
    }

    public void Dispose()
    {
        foreach (RowState state in _states)
            state.Dispose();
    }

    private void ReadPositions()
    {
        Positions = HostValues.Longs(Rows);
        Classes = HostValues.Longs(Labels);
        TargetClasses = Targets is null ? null : HostValues.Longs(Targets);
        Keys = Array.ConvertAll(Positions, row => _allKeys[row]);
    }
}
