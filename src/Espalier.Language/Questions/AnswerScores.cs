namespace Espalier.Language.Questions;

/// <summary>How well questions were answered.</summary>
/// <param name="ExactMatch">Share of answers that are one of the references.</param>
/// <param name="F1">Mean overlap of words with the best reference.</param>
/// <param name="Questions">Number of questions.</param>
public sealed record AnswerScores(double ExactMatch, double F1, int Questions);
