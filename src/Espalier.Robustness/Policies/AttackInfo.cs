using Espalier.Errors;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Policies;

/// <summary>An attack that has a name.</summary>
public sealed class AttackInfo
{
    private readonly Func<StageSettings, Attack> _create;

    internal AttackInfo(string name, string title, Access access, IReadOnlyList<Norm> norms, int? steps, IReadOnlyList<string> settings, Func<StageSettings, Attack> create) =>
        (Name, Title, Access, Norms, Steps, Settings, _create) = (name, title, access, norms, steps, settings, create);

    /// <summary>The name, such as <c>apgd-ce</c>.</summary>
    public string Name { get; }

    /// <summary>What it is and where it is from, in a line.</summary>
    public string Title { get; }

    /// <summary>What it must be able to ask of a model.</summary>
    public Access Access { get; }

    /// <summary>The norms that it has.</summary>
    public IReadOnlyList<Norm> Norms { get; }

    /// <summary>Its number of steps where none is given; null where it has none.</summary>
    public int? Steps { get; }

    /// <summary>What it can be told beside radius and steps.</summary>
    public IReadOnlyList<string> Settings { get; }

    /// <summary>Whether the norm bounds what it does; corruptions and moves in space are bounded by none.</summary>
    public bool IsBounded { get; internal init; } = true;

    /// <summary>Makes the attack.</summary>
    /// <param name="settings">Norm, radius, steps and the rest.</param>
    /// <exception cref="OptionsException">It has no such norm, or a value is out of its range.</exception>
    public Attack Create(StageSettings settings)
    {
        Require(settings.Norm);
        return OptionsException.Within(Name, () => _create(settings));
    }

    internal void Require(Norm norm) =>
        OptionsException.Require(Norms.Contains(norm), $"{Name}.norm", norm, $"must be {string.Join(" or ", Norms)}: {Name} has no other");
}
