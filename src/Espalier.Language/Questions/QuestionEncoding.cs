using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Tokenizers;

namespace Espalier.Language.Questions;

/// <summary>
/// Cuts questions and texts into rows of tokens. Tokens are made word by word, so that every token knows the characters
/// it came from whatever the tokenizer; windows of a long text overlap.
/// </summary>
public sealed class QuestionEncoding
{
    private readonly Tokenizer _tokenizer;
    private readonly QuestionAnsweringOptions _options;
    private readonly (int Pad, int Class, int Separator) _specials;

    /// <summary>Creates an encoding.</summary>
    /// <param name="tokenizer">Has <c>[PAD]</c>, <c>[CLS]</c> and <c>[SEP]</c>.</param>
    /// <param name="options">Lengths.</param>
    /// <exception cref="OptionsException">A value is out of range, or a special token is missing.</exception>
    public QuestionEncoding(Tokenizer tokenizer, QuestionAnsweringOptions options)
    {
        options.Validate();
        (_tokenizer, _options) = (tokenizer, options);
        _specials = (tokenizer.Specials.Require(SpecialToken.Pad, "questions"), tokenizer.Specials.Require(SpecialToken.Class, "questions"), tokenizer.Specials.Require(SpecialToken.Separator, "questions"));
    }

    /// <summary>The options.</summary>
    public QuestionAnsweringOptions Options => _options;

    /// <summary>The windows of questions with the first and last token of their answers, 0 and 0 where a window holds none.</summary>
    /// <param name="name">The data set's name.</param>
    /// <param name="examples">The questions.</param>
    /// <returns>Windows of <see cref="QuestionAnsweringOptions.Length"/> tokens.</returns>
    /// <exception cref="DataException">There are no questions, or an answer does not stand in its text.</exception>
    public QuestionRows Rows(string name, IReadOnlyList<QuestionExample> examples)
    {
        QuestionWindow[] windows = [.. Enumerable.Range(0, examples.Count).SelectMany(i => Windows(examples[i], i))];
        if (windows.Length == 0)
            throw new DataException(name, "has no questions", "give at least one");
        long[] tokens = [.. windows.SelectMany(w => w.Ids)];
        long[] answers = [.. windows.SelectMany(w => new long[] { w.Answer.Start, w.Answer.End })];
        return new QuestionRows(name, torch.tensor(tokens, [windows.Length, _options.Length]), torch.tensor(answers, [windows.Length, 2]));
    }

    /// <summary>The words of a text: where each begins and ends.</summary>
    internal static List<Range> WordsOf(string text) => Espalier.Language.Tokenizers.Words.In(text, WordSplit.Whitespace);

    internal IEnumerable<QuestionWindow> Windows(QuestionExample example, int index)
    {
        int[] question = [.. _tokenizer.Encode(example.Question).Take(_options.QuestionLength)];
        List<Range> words = WordsOf(example.Context);
        var tokens = new List<int>();
        var wordOf = new List<int>();
        for (int w = 0; w < words.Count; w++)
        {
            // Most tokenizers tell a word at the start of a text from one within it.
            foreach (int id in _tokenizer.Encode((w == 0 ? "" : " ") + example.Context[words[w]]))
            {
                tokens.Add(id);
                wordOf.Add(w);
            }
        }

        (int first, int last) = AnswerTokens(example, index, words, wordOf);
        int room = _options.Length - question.Length - 3;
        for (int start = 0; ; start += _options.Stride)
        {
            int count = Math.Min(room, tokens.Count - start);
            int at = question.Length + 2;
            long[] ids = new long[_options.Length];
            Array.Fill(ids, _specials.Pad);
            ids[0] = _specials.Class;
            for (int i = 0; i < question.Length; i++)
                ids[i + 1] = question[i];
            ids[question.Length + 1] = _specials.Separator;
            for (int i = 0; i < count; i++)
                ids[at + i] = tokens[start + i];
            ids[at + count] = _specials.Separator;
            bool holds = first >= start && last < start + count && first >= 0;
            yield return new QuestionWindow(index, ids, at, [.. wordOf.Skip(start).Take(count)], holds ? (at + first - start, at + last - start) : (0, 0));
            if (start + count >= tokens.Count)
                yield break;
        }
    }

    // The first reference is what is learned, as SQuAD's training questions have just one.
    private static (int First, int Last) AnswerTokens(QuestionExample example, int index, List<Range> words, List<int> wordOf)
    {
        if (example.Answers.Count == 0)
            return (-1, -1);
        (int start, string text) = example.Answers[0];
        if (start < 0 || text.Length == 0 || start + text.Length > example.Context.Length || example.Context.Substring(start, text.Length) != text)
            throw new DataException($"question {index}", $"the answer '{text}' does not stand at character {start} of the text", "give where each answer begins");
        int firstWord = words.FindIndex(w => w.End.Value > start);
        int lastWord = words.FindLastIndex(w => w.Start.Value < start + text.Length);
        return (wordOf.IndexOf(firstWord), wordOf.LastIndexOf(lastWord));
    }
}
