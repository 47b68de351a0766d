using Espalier.Errors;

namespace Espalier.Robustness.Regions;

/// <summary>Sizes of perturbations.</summary>
internal static class Perturbations
{
    /// <summary>The size of each sample's perturbation, [batch], from [batch, ...].</summary>
    /// <param name="norm">What measures it.</param>
    /// <param name="perturbation">[batch, ...].</param>
    /// <param name="scales">[1, ...], what a change of a feature is divided by; features of scale 0 do not count. 1 where null.</param>
    public static Tensor Size(Norm norm, Tensor perturbation, Tensor? scales = null)
    {
        Tensor delta = scales is null ? perturbation : (perturbation / scales).masked_fill(scales.eq(0), 0);
        if (norm == Norm.L0)
            return Pixels.Largest(delta).gt(0).sum([1]).to(delta.dtype);
        Tensor flat = delta.flatten(1);
        return norm switch
        {
            Norm.LInf => flat.abs().amax([1]),
            Norm.L2 => flat.pow(2).sum([1]).sqrt(),
            Norm.L1 => flat.abs().sum([1]),
            _ => throw new OptionsException(nameof(norm), norm, "must be LInf, L2, L1 or L0"),
        };
    }

    /// <summary>A share of a radius; of a number of pixels, one at least and no part of one.</summary>
    public static double Share(Norm norm, double radius, double share) => norm == Norm.L0 && share < 1 && double.IsFinite(radius)
        ? Math.Min(radius, Math.Max(1, Math.Floor(radius * share)))
        : radius * share;

    /// <summary>Per-sample numbers [batch] in a shape that broadcasts against [batch, ...].</summary>
    public static Tensor PerSample(Tensor values, Tensor like) =>
        values.view([values.shape[0], .. Enumerable.Repeat(1L, (int)like.dim() - 1)]);
}
