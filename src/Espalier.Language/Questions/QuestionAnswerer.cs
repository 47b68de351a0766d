using System.Runtime.InteropServices;
using Espalier.Metrics;

namespace Espalier.Language.Questions;

/// <summary>Finds the answers to questions: the best valid span over all windows of a text, or that there is none.</summary>
public sealed class QuestionAnswerer
{
    private const int BatchSize = 32;

    private readonly torch.nn.Module<Tensor, Tensor> _model;
    private readonly QuestionEncoding _encoding;
    private readonly torch.Device _device;

    /// <summary>Takes a model; it stays the caller's.</summary>
    /// <param name="model">Maps tokens [batch, tokens] to logits [batch, tokens, 2]; in evaluation mode.</param>
    /// <param name="encoding">How it was trained.</param>
    /// <param name="device">Where the model is; the CPU where null.</param>
    public QuestionAnswerer(torch.nn.Module<Tensor, Tensor> model, QuestionEncoding encoding, torch.Device? device = null)
        => (_model, _encoding, _device) = (model, encoding, device ?? torch.CPU);

    /// <summary>Answers questions.</summary>
    /// <param name="examples">The questions; their own answers are not looked at.</param>
    /// <returns>One answer each.</returns>
    public IReadOnlyList<FoundAnswer> Answer(IReadOnlyList<QuestionExample> examples)
    {
        QuestionWindow[] windows = [.. Enumerable.Range(0, examples.Count).SelectMany(i => _encoding.Windows(examples[i] with { Answers = [] }, i))];
        var best = new (double Score, string Text)[examples.Count];
        Array.Fill(best, (double.NegativeInfinity, ""));
        double[] none = new double[examples.Count];
        Array.Fill(none, double.PositiveInfinity);
        using var noGradients = torch.no_grad();
        foreach (QuestionWindow[] chunk in windows.Chunk(BatchSize))
        {
            using var scope = torch.NewDisposeScope();
            long[] flat = [.. chunk.SelectMany(w => w.Ids)];
            Tensor logits = _model.call(torch.tensor(flat).view(chunk.Length, -1).to(_device)).to(torch.float32).cpu().contiguous();
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(logits.bytes);
            int width = values.Length / chunk.Length;
            for (int i = 0; i < chunk.Length; i++)
            {
                QuestionWindow window = chunk[i];
                ReadOnlySpan<float> row = values.Slice(i * width, width);
                none[window.Example] = Math.Min(none[window.Example], row[0] + (double)row[1]);
                (double score, int first, int last) = BestSpan(row.Slice(2 * window.TextStart, 2 * window.Words.Length), _encoding.Options.AnswerLength);
                if (score > best[window.Example].Score)
                    best[window.Example] = (score, Text(examples[window.Example].Context, window, first, last));
            }
        }

        return [.. best.Select((b, i) => new FoundAnswer(none[i] - b.Score > _encoding.Options.NoAnswerThreshold ? "" : b.Text, b.Text, b.Score, none[i]))];
    }

    /// <summary>Answers questions and compares with their answers.</summary>
    /// <param name="examples">The questions.</param>
    public AnswerScores Evaluate(IReadOnlyList<QuestionExample> examples)
    {
        IReadOnlyList<FoundAnswer> found = Answer(examples);
        string[][] references = [.. examples.Select(References)];
        return new AnswerScores(
            found.Select((f, i) => AnswerOverlap.ExactMatch(f.Text, references[i])).Average(),
            found.Select((f, i) => AnswerOverlap.F1(f.Text, references[i])).Average(), examples.Count);
    }

    /// <summary>The threshold of "no answer" with the best mean F1; to be found on data that nothing is reported on.</summary>
    /// <param name="examples">Questions, some of them without an answer.</param>
    public double TuneThreshold(IReadOnlyList<QuestionExample> examples)
    {
        IReadOnlyList<FoundAnswer> found = Answer(examples);
        (double Margin, double Gain)[] order = [.. found.Select((f, i) => (f.NoAnswerMargin, Gain: AnswerOverlap.F1(f.Best, References(examples[i])) - AnswerOverlap.F1("", References(examples[i])))).OrderBy(p => p.NoAnswerMargin)];

        // From "nobody is answered" upwards: each margin passed answers one more question.
        (double bestSum, double threshold, double sum) = (0, double.NegativeInfinity, 0);
        foreach ((double margin, double gain) in order)
        {
            sum += gain;
            if (sum > bestSum)
                (bestSum, threshold) = (sum, margin);
        }

        return threshold;
    }

    /// <summary>The highest sum of a start and an end logit with the end not before the start and not too far behind it.</summary>
    /// <param name="logits">Start and end logit of each token, one after the other.</param>
    /// <param name="longest">The largest number of tokens of an answer.</param>
    internal static (double Score, int First, int Last) BestSpan(ReadOnlySpan<float> logits, int longest)
    {
        var best = (Score: double.NegativeInfinity, First: 0, Last: 0);
        int count = logits.Length / 2;
        for (int first = 0; first < count; first++)
        {
            for (int last = first; last < Math.Min(count, first + longest); last++)
            {
                double score = logits[2 * first] + (double)logits[(2 * last) + 1];
                if (score > best.Score)
                    best = (score, first, last);
            }
        }

        return best;
    }

    private static string[] References(QuestionExample example) => [.. example.Answers.Select(a => a.Text)];

    private static string Text(string context, QuestionWindow window, int first, int last)
    {
        if (window.Words.Length == 0)
            return "";
        List<Range> words = QuestionEncoding.WordsOf(context);
        return context[words[window.Words[first]].Start..words[window.Words[last]].End];
    }
}
