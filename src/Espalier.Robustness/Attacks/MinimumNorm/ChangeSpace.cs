using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// Inputs as changes u of their starts, x = start + scales · u: here the norm is the plain one, whatever a unit of it is
/// worth in each feature, and a feature of scale 0 cannot move.
/// </summary>
internal sealed class ChangeSpace(AttackedBatch batch, ActiveSamples active)
{
    private InputBounds Bounds => batch.Target.Classifier.Bounds;

    /// <summary>No change, [active, ...].</summary>
    public Tensor None() => torch.zeros_like(active.Start);

    /// <summary>The inputs of changes, clipped into the model's bounds.</summary>
    public Tensor Inputs(Tensor changes) => Bounds.Clamp(active.Start + Scaled(changes));

    /// <summary>The changes of inputs.</summary>
    public Tensor Changes(Tensor inputs)
    {
        Tensor delta = inputs - active.Start;
        return batch.Scales is null ? delta : (delta / batch.Scales).masked_fill(batch.Scales.eq(0), 0);
    }

    /// <summary>Gradients with respect to the changes, from those with respect to the inputs.</summary>
    public Tensor Scaled(Tensor gradients) => batch.Scales is null ? gradients : gradients * batch.Scales;

    /// <summary>Sizes of changes, [active].</summary>
    public Tensor Size(Tensor changes) => Perturbations.Size(batch.Norm, changes);

    /// <summary>How far each feature may change downwards, [active, ...]; infinite without bounds.</summary>
    public Tensor RoomDown() => Room(active.Start - Bounds.LowerTensor(active.Start));

    /// <summary>How far each feature may change upwards.</summary>
    public Tensor RoomUp() => Room(Bounds.UpperTensor(active.Start) - active.Start);

    private Tensor Room(Tensor room) => batch.Scales is null ? room : (room / batch.Scales).masked_fill(batch.Scales.eq(0), 0);
}
