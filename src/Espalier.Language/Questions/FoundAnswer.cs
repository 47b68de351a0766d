namespace Espalier.Language.Questions;

/// <summary>What a model answers to a question.</summary>
/// <param name="Text">The answer as it stands in the text; empty where there is none.</param>
/// <param name="Best">The best answer, whether or not there is one.</param>
/// <param name="Score">Its score: logit of its first token plus logit of its last.</param>
/// <param name="NoAnswerScore">The score of "no answer": the least over the windows of the text.</param>
public sealed record FoundAnswer(string Text, string Best, double Score, double NoAnswerScore)
{
    /// <summary>How far "no answer" lies above the best answer.</summary>
    public double NoAnswerMargin => NoAnswerScore - Score;
}
