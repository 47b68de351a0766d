using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>Outliers that are in-distribution inputs, changed. No input is used twice before all were used.</summary>
public abstract class InlierTransform : OutlierGenerator
{
    private protected InlierTransform(string name, OutlierUse use) : base(name, use)
    {
    }

    /// <inheritdoc/>
    public override bool NeedsSource => true;

    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source)
    {
        if (!source!.InputShape.SequenceEqual(shape[1..]))
            throw new ShapeException("the source's inputs", source.InputShape, $"[{string.Join(", ", shape[1..])}]");
        int[] chosen = Chosen(source, checked((int)shape[0]), generator);
        return Scaled(Transform(Unscaled(source.Gather(chosen).Inputs, bounds), generator, source, chosen, bounds), bounds);
    }

    /// <summary>Which inputs are changed.</summary>
    private protected virtual int[] Chosen(Dataset source, int count, torch.Generator generator) => Drawn(source.Count, count, generator);

    /// <param name="unit">[count, ...], the chosen inputs in [0, 1].</param>
    /// <param name="generator">Where the draws come from, on the CPU.</param>
    /// <param name="source">The data set.</param>
    /// <param name="chosen">Which of its inputs these are.</param>
    /// <param name="bounds">The box of legal inputs.</param>
    /// <returns>[count, ...], in [0, 1].</returns>
    private protected abstract Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds);
}
