using Espalier.Training.Objectives;

namespace Espalier.Training.Loop;

/// <summary>The parameters of one group.</summary>
/// <param name="Name">The group's name; empty for the parameters of no group.</param>
/// <param name="Group">How they are trained; null for the parameters of no group.</param>
/// <param name="Parameters">They themselves.</param>
internal sealed record ParameterSection(string Name, ParameterGroup? Group, FlatParameters Parameters);
