using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Questions;
using Espalier.Language.Tokenizers;
using Espalier.Metrics;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Training.Loop;

namespace Espalier.Tests.Language;

public sealed class QuestionAnsweringTests
{
    private static readonly string[] Fillers = ["red", "blue", "dog", "cat", "sun", "moon", "tree", "sea", "bird", "stone"];
    private static readonly WordTokenizer Tokenizer = WordTokenizer.Train(
        [string.Join(' ', [.. Fillers, "who", "is", "it", "answer", "Bob", "Ann", "Eve", "Smith", "."])], new(), [SpecialToken.Pad, SpecialToken.Class, SpecialToken.Separator]);

    private static readonly QuestionAnsweringOptions Options = new() { Length = 20, Stride = 6, QuestionLength = 4, AnswerLength = 3 };

    /// <summary>The two words behind "answer"; every fifth text has none.</summary>
    private static QuestionExample[] Examples(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            string Filler(int words) => string.Join(' ', Enumerable.Range(0, words).Select(_ => Fillers[random.Next(10)]));
            string before = Filler(random.Next(2, 20)) + (i % 5 == 0 ? " " : " answer ");
            string answer = new[] { "Bob", "Ann", "Eve" }[random.Next(3)] + " Smith";
            string text = $"{before}{(i % 5 == 0 ? "red sea" : answer)} {Filler(random.Next(2, 20))}";
            return new QuestionExample("who is it", text, i % 5 == 0 ? [] : [(before.Length, answer)]);
        })];
    }

    [Theory]
    [InlineData("The Cat, sat!", "cat sat", 1, 1)]
    [InlineData("the cat sat on a mat", "cat mat", 0, 2.0 / 3)] // precision 2/4, recall 2/2
    [InlineData("dog", "cat", 0, 0)]
    [InlineData("the", "", 1, 1)]
    [InlineData("cat cat", "cat", 0, 2.0 / 3)]
    public void Answers_are_compared_as_SQuAD_does(string answer, string reference, double exact, double f1)
    {
        Assert.Equal(exact, AnswerOverlap.ExactMatch(answer, [reference, "something else"]));
        Assert.Equal(f1, AnswerOverlap.F1(answer, [reference, "something else"]), 12);
        Assert.Equal(1, AnswerOverlap.F1("", []));
        Assert.Equal(0, AnswerOverlap.ExactMatch("cat", []));
    }

    [Fact]
    public void Windows_cover_the_whole_text_and_hold_the_answer_where_it_is()
    {
        var encoding = new QuestionEncoding(Tokenizer, Options);
        foreach (QuestionExample example in Examples(50, 3))
        {
            QuestionWindow[] windows = [.. encoding.Windows(example, 0)];
            int words = example.Context.Split(' ').Length;
            Assert.Equal(Enumerable.Range(0, words), windows.SelectMany(w => w.Words).Distinct().Order());
            Assert.All(windows.Zip(windows.Skip(1)), p => Assert.Equal(p.First.Words[0] + 6, p.Second.Words[0]));
            foreach (QuestionWindow window in windows.Where(w => w.Answer != (0, 0)))
                Assert.Equal(example.Answers[0].Text, Tokenizer.Decode(window.Ids[window.Answer.Start..(window.Answer.End + 1)].Select(i => (int)i)));
            Assert.Equal(example.Answers.Count > 0, windows.Any(w => w.Answer != (0, 0)));
            Assert.All(windows, w => Assert.Equal("[CLS]", Tokenizer.Show((int)w.Ids[0])));
        }
    }

    [Fact]
    public void The_best_span_is_that_of_trying_all()
    {
        var random = new Random(1);
        for (int trial = 0; trial < 200; trial++)
        {
            float[] logits = [.. Enumerable.Range(0, 24).Select(_ => (float)random.NextDouble())];
            (double score, int first, int last) = QuestionAnswerer.BestSpan(logits, 4);
            double expected = Enumerable.Range(0, 12).SelectMany(s => Enumerable.Range(0, 12).Where(e => e >= s && e - s < 4).Select(e => logits[2 * s] + (double)logits[(2 * e) + 1])).Max();
            Assert.Equal(expected, score);
            Assert.Equal(expected, logits[2 * first] + (double)logits[(2 * last) + 1]);
            Assert.InRange(last - first, 0, 3);
        }
    }

    [Fact]
    public void A_reader_learns_to_find_answers_and_to_say_that_there_is_none()
    {
        var encoding = new QuestionEncoding(Tokenizer, Options);
        using QuestionRows train = encoding.Rows("train", Examples(400, 1));
        var shape = new GmlpTextOptions { Vocabulary = Tokenizer.VocabularySize, MaxLength = 20, DModel = 24, DFfn = 48, Layers = 2, Padding = PadHandling.ZeroGateInput };
        using var model = new Espalier.Networks.Text.QuestionAnswering(new GmlpTextEncoder(shape, new TextTokens(Tokenizer.Specials.Pad), seed: 1), seed: 1);
        var options = new TrainerOptions { BatchSize = 32, Length = Duration.Steps(250), Optimizer = new() { LearningRate = 5e-3 }, ClipNorm = 1, Schedule = new() { Warmup = Duration.Steps(20) } };
        using TrainingResult result = new Trainer(options).Fit(new QuestionAnsweringObjective(model), train);
        QuestionExample[] test = Examples(100, 2);
        AnswerScores always = new QuestionAnswerer(model, encoding).Evaluate(test);
        Assert.InRange(always.ExactMatch, 0.7, 0.8); // Every fifth question has no answer, and it always gives one.
        double threshold = new QuestionAnswerer(model, encoding).TuneThreshold(Examples(100, 4));
        AnswerScores tuned = new QuestionAnswerer(model, new QuestionEncoding(Tokenizer, Options with { NoAnswerThreshold = threshold })).Evaluate(test);
        Assert.True(tuned.ExactMatch > 0.9, $"exact match {tuned.ExactMatch}");
        Assert.True(tuned.F1 >= tuned.ExactMatch);
    }

    [Fact]
    public void An_answer_that_does_not_stand_in_its_text_is_refused()
        => Assert.Contains("'moon' does not stand at character 1", Assert.Throws<DataException>(() => new QuestionEncoding(Tokenizer, Options).Rows("x", [new("who", "red sea", [(1, "moon")])])).Message, StringComparison.Ordinal);
}
