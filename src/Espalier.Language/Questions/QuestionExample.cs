namespace Espalier.Language.Questions;

/// <summary>A question about a text.</summary>
/// <param name="Question">The question.</param>
/// <param name="Context">The text that may hold the answer.</param>
/// <param name="Answers">The right answers with the characters they begin at in the text; empty where the text has none.</param>
public sealed record QuestionExample(string Question, string Context, IReadOnlyList<(int Start, string Text)> Answers);
