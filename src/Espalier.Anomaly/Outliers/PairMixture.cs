using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>Each outlier is made of two different in-distribution inputs.</summary>
public abstract class PairMixture : InlierTransform
{
    private protected PairMixture(string name) : base(name, OutlierUse.Validation)
    {
    }

    /// <inheritdoc/>
    public override bool MakesFrom(Dataset source) => source.Count >= 2 && base.MakesFrom(source);

    private protected sealed override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds)
    {
        if (source.Count < 2)
            throw new DataException(source.Name, "has one sample", $"'{Name}' mixes two different ones");
        using Tensor draws = torch.randint(1, source.Count, chosen.Length, generator: generator);
        int[] partners = [.. draws.to(torch.int64).data<long>().Zip(chosen, (step, i) => (int)((i + step) % source.Count))];
        return Mix(unit, Unscaled(source.Gather(partners).Inputs, bounds));
    }

    private protected abstract Tensor Mix(Tensor a, Tensor b);
}
