namespace Espalier.Training.Scaling;

/// <summary>A reason why a training at another batch size may not be the same training.</summary>
/// <param name="Name">A stable name, such as <c>noiseScale</c>.</param>
/// <param name="Message">One line for people: the numbers and the reason.</param>
/// <param name="Value">What was found, or null where it is no number.</param>
/// <param name="Limit">What it should not pass, or null.</param>
public sealed record ScalingWarning(string Name, string Message, double? Value = null, double? Limit = null);
