using Espalier.Errors;
using Espalier.Robustness.Attacks;

namespace Espalier.Robustness.Defences;

/// <summary>
/// Makes each group of features one-hot again: 1 at its largest, 0 at the others. Before a model, with
/// <see cref="GradientPath.StraightThrough"/>, attacks judge nothing but valid inputs of tables with categories, while they move
/// freely in between; give such features a <see cref="PerturbationOptions.FeatureScales"/> that lets them cross from 0 to 1.
/// What an attack returns becomes valid by <see cref="Apply"/>.
/// </summary>
/// <param name="groups">Positions of each group's features in a flattened input, at least two of each.</param>
/// <exception cref="OptionsException">A group is too small, or a position is negative or in two groups.</exception>
public sealed class OneHotProjection(IReadOnlyList<IReadOnlyList<int>> groups) : InputTransform
{
    private readonly IReadOnlyList<IReadOnlyList<int>> _groups = Checked(groups);

    /// <inheritdoc/>
    public override string Description => $"{_groups.Count} one-hot groups";

    /// <inheritdoc/>
    public override Tensor Apply(Tensor inputs)
    {
        using var scope = torch.NewDisposeScope();
        Tensor flat = inputs.flatten(1).clone();
        foreach (IReadOnlyList<int> group in _groups)
        {
            Tensor positions = torch.tensor(group.Select(i => (long)i).ToArray(), device: inputs.device);
            Tensor largest = flat.index_select(1, positions).argmax(1);
            flat.index_copy_(1, positions, torch.nn.functional.one_hot(largest, group.Count).to(inputs.dtype));
        }

        return flat.view(inputs.shape).MoveToOuterDisposeScope();
    }

    private static IReadOnlyList<IReadOnlyList<int>> Checked(IReadOnlyList<IReadOnlyList<int>> groups)
    {
        OptionsException.Require(groups.Count > 0 && groups.All(g => g.Count >= 2), nameof(groups), groups.Count, "must hold groups of at least two features");
        int[] all = [.. groups.SelectMany(g => g)];
        OptionsException.Require(all.Min() >= 0 && all.Distinct().Count() == all.Length, nameof(groups), all.Min(), "must hold positions that are not negative, each once");
        return groups;
    }
}
