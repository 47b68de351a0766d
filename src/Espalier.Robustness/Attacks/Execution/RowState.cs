using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>A tensor with one row per active sample; it shrinks as they do. Owns its tensor.</summary>
internal sealed class RowState : IDisposable
{
    private Tensor _value;

    public RowState(Tensor value) => _value = Kept(value);

    /// <summary>[active, ...]; what is assigned is taken over, what was there is freed.</summary>
    public Tensor Value
    {
        get => _value;
        set
        {
            _value.Dispose();
            _value = Kept(value);
        }
    }

    /// <summary>Keeps some of the rows.</summary>
    public void Keep(Tensor kept) => Value = _value.index_select(0, kept);

    /// <summary>Replaces the rows where a condition holds.</summary>
    /// <param name="condition">[active], bool.</param>
    /// <param name="value">[active, ...].</param>
    public void Where(Tensor condition, Tensor value) => Value = torch.where(Perturbations.PerSample(condition, _value), value, _value);

    public void Dispose() => _value.Dispose();

    private static Tensor Kept(Tensor value) => value.DetachFromDisposeScope();
}
