using System.Globalization;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// Digits mirrored so that they are none any more: top to bottom all but 0, 1, 3 and 8, left to right all but 0, 1 and 8;
/// half of each. Only for data whose classes are the ten digits.
/// </summary>
public sealed class MirroredDigits() : InlierTransform("mirrored-digits", OutlierUse.Validation)
{
    private static readonly HashSet<long> SameUpsideDown = [0, 1, 3, 8];
    private static readonly HashSet<long> SameInAMirror = [0, 1, 8];

    private protected override bool NeedsImages => true;

    /// <inheritdoc/>
    public override bool MakesFrom(Dataset source) => base.MakesFrom(source)
        && source.ClassNames.SequenceEqual(Enumerable.Range(0, 10).Select(d => d.ToString(CultureInfo.InvariantCulture)));

    private protected override int[] Chosen(Dataset source, int count, torch.Generator generator)
    {
        if (!MakesFrom(source))
            throw new DataException(source.Name, $"has the classes {string.Join(", ", source.ClassNames.Take(10))}", $"'{Name}' needs images of the digits 0 to 9");
        long[] labels = source.LabelArray();
        return [.. Of(SameUpsideDown, Vertical(count)), .. Of(SameInAMirror, count - Vertical(count))];

        IEnumerable<int> Of(HashSet<long> without, int wanted)
        {
            if (wanted == 0)
                return [];
            int[] fit = [.. Enumerable.Range(0, labels.Length).Where(i => !without.Contains(labels[i]))];
            if (fit.Length == 0)
                throw new DataException(source.Name, "holds no digit that a mirror changes", $"'{Name}' needs one of 2, 4, 5, 6, 7, 9");
            return Drawn(fit.Length, wanted, generator).Select(i => fit[i]);
        }
    }

    private protected override Tensor Transform(Tensor unit, torch.Generator generator, Dataset source, int[] chosen, InputBounds bounds)
    {
        int vertical = Vertical(chosen.Length);
        return torch.cat([unit.narrow(0, 0, vertical).flip(2), unit.narrow(0, vertical, chosen.Length - vertical).flip(3)]);
    }

    private static int Vertical(int count) => (count + 1) / 2;
}
