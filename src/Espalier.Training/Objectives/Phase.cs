using Espalier.Errors;

namespace Espalier.Training.Objectives;

/// <summary>
/// A part of a step: a gradient over all samples of the step, and what is done with it. Critic and generator are two phases with different
/// groups; sharpness-aware minimisation (Foret et al. 2021) is an ascent followed by a phase that trains.
/// </summary>
/// <param name="Name">For people.</param>
public sealed record Phase(string Name)
{
    /// <summary>Names of the groups that this phase trains; the empty name stands for the parameters of no group. All where empty.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>
    /// ρ &gt; 0 of an ascent: the weights move by ρ g/‖g‖ instead of an optimizer step, and back before the next phase's own. The last phase is none. No ascent where null.
    /// </summary>
    public double? Ascent { get; init; }

    /// <summary>One phase that trains all parameters.</summary>
    internal static IReadOnlyList<Phase> Single { get; } = [new("step")];

    /// <summary>Whether it trains the parameters of a group.</summary>
    internal bool Trains(string group) => Groups.Count == 0 || Groups.Contains(group);

    /// <summary>Checks the phases of an objective.</summary>
    /// <exception cref="OptionsException">There are none, a group is not known, or the last one is an ascent.</exception>
    internal static void Validate(IReadOnlyList<Phase> phases, IReadOnlyList<ParameterGroup> groups)
    {
        OptionsException.Require(phases.Count > 0, "phases", 0, "must hold at least one phase");
        foreach (Phase phase in phases)
        {
            OptionsException.Require(phase.Ascent is null or > 0 && double.IsFinite(phase.Ascent ?? 1), "phases.ascent", phase.Ascent, "must be above 0");
            foreach (string name in phase.Groups)
                OptionsException.Require(name.Length == 0 || groups.Any(g => g.Name == name), "phases.groups", name, Suggestion.For(name, groups.Select(g => g.Name)));
        }

        OptionsException.Require(phases[^1].Ascent is null, "phases", phases[^1].Name, "must not end with an ascent: nothing would be trained after it");
    }
}
