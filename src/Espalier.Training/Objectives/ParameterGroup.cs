using System.IO.Enumeration;
using Espalier.Errors;
using Espalier.Training.Optimizers;

namespace Espalier.Training.Objectives;

/// <summary>Parameters of a model that are trained alike, and unlike the others.</summary>
/// <param name="Name">The group's name, unique in the objective; <see cref="Phase.Groups"/> refers to it.</param>
/// <param name="Pattern">Which parameters, by their full name: <c>*</c> stands for any characters, <c>?</c> for one, such as <c>encoder.blocks.3.*</c>. Case counts.</param>
public sealed record ParameterGroup(string Name, string Pattern)
{
    /// <summary>What the learning rate is multiplied by, at least 0. Default: 1.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>What the weight decay is multiplied by, at least 0. Default: 1.</summary>
    public double DecayFactor { get; init; } = 1;

    /// <summary>The optimizer of these parameters, with its own rate and decay; the training's where null.</summary>
    public OptimizerOptions? Optimizer { get; init; }

    /// <summary>Whether a parameter belongs to it.</summary>
    public bool Contains(string parameter) => FileSystemName.MatchesSimpleExpression(Pattern, parameter, ignoreCase: false);

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Name.Length > 0, nameof(Name), Name, "must not be empty");
        OptionsException.Require(Pattern.Length > 0, nameof(Pattern), Pattern, "must not be empty");
        OptionsException.Require(RateFactor >= 0 && double.IsFinite(RateFactor), nameof(RateFactor), RateFactor, "must be at least 0");
        OptionsException.Require(DecayFactor >= 0 && double.IsFinite(DecayFactor), nameof(DecayFactor), DecayFactor, "must be at least 0");
        Optimizer?.Validate();
    }
}
