namespace Espalier.Robustness;

/// <summary>
/// The smallest move inside a box from a point to a hyperplane {v: ⟨w, v⟩ = b} (Croce and Hein, "Minimally Distorted
/// Adversarial Examples with a Fast Adaptive Boundary Attack", ICML 2020, section 2 and appendix A). Exact: the move is
/// piecewise linear in one number, whose piece is found by sorting and prefix sums, O(d log d). Where the plane is out of
/// reach, the move is the one that comes nearest to it.
/// </summary>
internal static class HyperplaneProjection
{
    private const double Tiny = 1e-300;

    /// <summary>The moves of a batch of points.</summary>
    /// <param name="norm">What measures a move.</param>
    /// <param name="normals">w, [n, d].</param>
    /// <param name="values">⟨w, point⟩ - b, [n].</param>
    /// <param name="down">How far each feature may fall, [n, d], not negative, perhaps infinite.</param>
    /// <param name="up">How far each may rise, [n, d].</param>
    /// <returns>[n, d], of the normals' type.</returns>
    public static Tensor Displacement(Norm norm, Tensor normals, Tensor values, Tensor down, Tensor up)
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

    /// <summary>Sizes min(λ · slope, room) with the λ that makes Σ weight · size the need.</summary>
    private static Tensor Level(Tensor slope, Tensor weight, Tensor room, Tensor need)
    {
        Tensor gainPerLevel = weight * slope;
        (Tensor level, Tensor order) = (room / slope.clamp_min(Tiny)).masked_fill(weight.eq(0), 0).sort(1);
        Tensor gain = gainPerLevel.gather(1, order);
        Tensor stillGaining = gain.flip(1).cumsum(1).flip(1);
        Tensor full = Before(gain * level);
        // What is gained when the k-th room is just used up; the first that suffices ends the piece of the solution.
        Tensor piece = (full + stillGaining * level).lt(need).sum([1], keepdim: true);
        long last = weight.shape[1] - 1;
        Tensor outOfReach = piece.gt(last);
        piece = piece.clamp_max(last);
        Tensor solution = (need - full.gather(1, piece)) / stillGaining.gather(1, piece).clamp_min(Tiny);
        return torch.where(outOfReach, room, (solution * slope).minimum(room));
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
