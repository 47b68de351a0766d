using Espalier.Errors;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// The smallest move inside a box from a point to a hyperplane {v: ⟨w, v⟩ = b} (Croce and Hein, "Minimally Distorted
/// Adversarial Examples with a Fast Adaptive Boundary Attack", ICML 2020, section 2 and appendix A). Exact: the move is
/// piecewise linear in one number, whose piece is found by Newton's method, or in L1 by sorting. Where the plane is out of
/// reach, the move is the one that comes nearest to it. On the CPU <see cref="LevelledRows"/> does a row after the other, since a
/// row needs few of the steps that the slowest of a batch needs, and fits a core's cache.
/// </summary>
internal static class HyperplaneProjection
{
    private const double Tiny = 1e-300;
    private const double OutOfReach = 1e300;

    /// <summary>The moves of a batch of points.</summary>
    /// <param name="norm">What measures a move.</param>
    /// <param name="normals">w, [n, d].</param>
    /// <param name="values">⟨w, point⟩ - b, [n].</param>
    /// <param name="down">How far each feature may fall, [n, d], not negative, perhaps infinite.</param>
    /// <param name="up">How far each may rise, [n, d].</param>
    /// <returns>[n, d], of the normals' type.</returns>
    public static Tensor Displacement(Norm norm, Tensor normals, Tensor values, Tensor down, Tensor up)
    {
        if (norm is not (Norm.LInf or Norm.L2) || normals.device_type != DeviceType.CPU)
            return OfTensors(norm, normals, values, down, up);
        using var scope = torch.NewDisposeScope();
        return LevelledRows.Displacement(norm, normals, values, down, up).to(normals.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The same by operations on whole tensors, wherever they live.</summary>
    public static Tensor OfTensors(Norm norm, Tensor normals, Tensor values, Tensor down, Tensor up)
    {
        using var scope = torch.NewDisposeScope();
        Tensor value = values.to(torch.float64).unsqueeze(1);
        Tensor w = normals.to(torch.float64);
        w = torch.where(value.lt(0), -w, w);
        Tensor weight = w.abs();
        Tensor room = torch.where(w.gt(0), down.to(torch.float64), up.to(torch.float64)).clamp_min(0).masked_fill(weight.eq(0), 0);
        Tensor need = value.abs();
        Tensor size = norm switch
        {
            Norm.LInf => Level(torch.ones_like(weight), weight, room, need),
            Norm.L2 => Level(weight, weight, room, need),
            Norm.L1 => Fill(weight, room, need),
            _ => throw new OptionsException(nameof(norm), norm, "must be LInf, L2 or L1"),
        };
        return (-w.sign() * size).to(normals.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Sizes min(λ · slope, room) with the λ that makes Σ weight · size the need. That sum is concave in λ and piecewise
    /// linear: Newton's steps from 0 never pass the solution, and end on its piece after a few.
    /// </summary>
    private static Tensor Level(Tensor slope, Tensor weight, Tensor room, Tensor need)
    {
        Tensor gainPerLevel = weight * slope;
        Tensor whole = weight * room;
        Tensor level = (room / slope.clamp_min(Tiny)).masked_fill(weight.eq(0), 0);
        Tensor solution = torch.zeros_like(need);
        Tensor usedUp = level.le(solution);
        while (true)
        {
            using var scope = torch.NewDisposeScope();
            Tensor stillGaining = gainPerLevel.masked_fill(usedUp, 0).sum([1], keepdim: true);
            Tensor gained = whole.masked_fill(usedUp.logical_not(), 0).sum([1], keepdim: true);
            Tensor next = torch.where(stillGaining.gt(0), (need - gained) / stillGaining.clamp_min(Tiny), torch.full_like(need, OutOfReach));
            Tensor usedUpNext = level.le(next).logical_or(usedUp);
            bool isOnPiece = usedUpNext.eq(usedUp).all().item<bool>();
            solution = next.MoveToOuterDisposeScope();
            usedUp = usedUpNext.MoveToOuterDisposeScope();
            if (isOnPiece)
                return (solution * slope).minimum(room).MoveToOuterDisposeScope();
        }
    }

    /// <summary>Rooms used up in the order of falling weights, the last one as far as needed.</summary>
    private static Tensor Fill(Tensor weight, Tensor room, Tensor need)
    {
        (Tensor sorted, Tensor order) = weight.sort(1, descending: true);
        Tensor sortedRoom = room.gather(1, order);
        Tensor left = need - Before(sorted * sortedRoom);
        Tensor size = (left / sorted.clamp_min(Tiny)).clamp_min(0).minimum(sortedRoom);
        return torch.zeros_like(size).scatter(1, order, size);
    }

    /// <summary>Sums of all earlier values in each row.</summary>
    private static Tensor Before(Tensor values) =>
        torch.cat([torch.zeros_like(values.narrow(1, 0, 1)), values.cumsum(1).narrow(1, 0, values.shape[1] - 1)], 1);
}
