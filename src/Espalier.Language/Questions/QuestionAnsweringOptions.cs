using Espalier.Errors;

namespace Espalier.Language.Questions;

/// <summary>How questions and texts become rows of tokens, and answers are read off again (Devlin et al. 2019; Liu et al. 2021, section 4).</summary>
public sealed record QuestionAnsweringOptions
{
    /// <summary>Tokens of a row, <c>[CLS] question [SEP] text [SEP]</c>; above <see cref="QuestionLength"/> + 3.</summary>
    public int Length { get; init; } = 384;

    /// <summary>Tokens from one window of a long text to the next, at least 1.</summary>
    public int Stride { get; init; } = 128;

    /// <summary>The largest number of tokens of a question, at least 1; longer ones are cut.</summary>
    public int QuestionLength { get; init; } = 64;

    /// <summary>The largest number of tokens of an answer, at least 1.</summary>
    public int AnswerLength { get; init; } = 30;

    /// <summary>
    /// How far the score of "no answer" must lie above that of the best answer for there to be none; infinity where every
    /// question has one. <see cref="QuestionAnswerer.TuneThreshold"/> finds it.
    /// </summary>
    public double NoAnswerThreshold { get; init; } = double.PositiveInfinity;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(QuestionLength >= 1, nameof(QuestionLength), QuestionLength, "must be at least 1");
        OptionsException.Require(Length > QuestionLength + 3, nameof(Length), Length, $"must be above {QuestionLength + 3}, to hold a question and some text");
        OptionsException.Require(Stride >= 1, nameof(Stride), Stride, "must be at least 1");
        OptionsException.Require(AnswerLength >= 1, nameof(AnswerLength), AnswerLength, "must be at least 1");
        OptionsException.Require(!double.IsNaN(NoAnswerThreshold), nameof(NoAnswerThreshold), NoAnswerThreshold, "must be a number");
    }
}
