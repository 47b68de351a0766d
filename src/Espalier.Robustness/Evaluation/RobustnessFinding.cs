namespace Espalier.Robustness.Evaluation;

/// <summary>Something that makes a robust accuracy less believable, with its evidence and what to do.</summary>
/// <param name="Code">A stable name, such as <c>zero-gradients</c>.</param>
/// <param name="Evidence">What was seen, with numbers.</param>
/// <param name="Action">What to do next.</param>
/// <param name="IsWarning">Whether the number must not be believed before that; otherwise it is a note.</param>
public sealed record RobustnessFinding(string Code, string Evidence, string Action, bool IsWarning = true);
