namespace Espalier.Language.Questions;

/// <summary>A stretch of a text beside its question, as tokens.</summary>
/// <param name="Example">Which question.</param>
/// <param name="Ids">The row, padded.</param>
/// <param name="TextStart">Where the text's tokens begin in the row.</param>
/// <param name="Words">The word of the text that each of its tokens belongs to.</param>
/// <param name="Answer">First and last token of the answer in the row; (0, 0), the place of <c>[CLS]</c>, where the window does not hold it.</param>
internal sealed record QuestionWindow(int Example, long[] Ids, int TextStart, int[] Words, (int Start, int End) Answer);
