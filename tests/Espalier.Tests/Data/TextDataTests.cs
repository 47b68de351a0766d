using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class TextDataTests
{
    [Fact]
    public void Windows_are_stretches_of_the_stream()
    {
        using Dataset data = Dataset.Windows("text", torch.arange(0, 1000, dtype: torch.int64), length: 7, stride: 3);
        Assert.Equal(((1000 - 7) / 3) + 1, data.Count);
        Assert.True(data.IsTokens);
        using LabelledBatch batch = data.Gather([0, 330, 5, 5]);
        Assert.Equal(torch.int64, batch.Inputs.dtype);
        Assert.Equal([.. new long[] { 0, 990, 15, 15 }.SelectMany(s => Enumerable.Range(0, 7).Select(i => s + i))], batch.Inputs.data<long>().ToArray());
        Assert.Equal([0, 0, 0, 0], batch.Labels.data<long>().ToArray());
        using Dataset two = data.Subset([4, 2]);
        using LabelledBatch subset = two.All();
        Assert.Equal([12, 6], [.. subset.Inputs.select(1, 0).data<long>().ToArray()]);
        using Dataset most = Dataset.Windows("text", torch.arange(0, 1000, dtype: torch.int64), 7, 3, most: 4);
        Assert.Equal(4, most.Count);
    }

    [Fact]
    public void Too_short_or_broken_streams_are_refused()
    {
        Assert.Contains("has 5 tokens", Assert.Throws<DataException>(() => Dataset.Windows("text", torch.zeros(5, dtype: torch.int64), 6, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("holds the token -1", Assert.Throws<DataException>(() => Dataset.Windows("text", torch.full(9, -1L, dtype: torch.int64), 6, 1)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeException>(() => Dataset.Windows("text", torch.zeros(9), 6, 1));
    }

    [Fact]
    public void Sentences_are_as_long_and_as_improbable_as_their_grammar_says()
    {
        TextDocuments text = SentenceGrammar.Generate(40_000, seed: 5);
        Assert.Equal(SentenceGrammar.CharactersPerSentence, text.Documents.Average(d => d.Length + 1.0), 1);
        // The entropy from the outside: -log of the frequency of each sentence's decisions, counted.
        Assert.Equal(SentenceGrammar.NatsPerSentence, CountedEntropy(text), 0.03);
        Assert.Equal(0.5, text.Labels!.Average(), 0.01);
        double right = text.Documents.Zip(text.Labels!).Average(p => Guess(p.First) is { } guess ? guess == p.Second ? 1.0 : 0.0 : 0.5);
        Assert.Equal(SentenceGrammar.BestAccuracy, right, 0.01);
        Assert.Equal(text.Documents[77], SentenceGrammar.Generate(40_000, 5).Documents[77]);
        Assert.NotEqual(text.Documents[77], SentenceGrammar.Generate(40_000, 6).Documents[77]);
    }

    [Fact]
    public void A_text_of_ones_own_is_cut_in_order()
    {
        using var folder = new TemporaryFolder();
        string text = string.Concat(Enumerable.Range(0, 50).Select(i => i % 5 == 0 ? "🚀" : "ab"));
        LoadedText loaded = DataCatalog.Default.LoadText(new() { Name = "text", Path = folder.Write("mine.txt", text), ValidationFraction = 0.1, TestFraction = 0.2 });
        Assert.Equal(text, loaded.Train.Documents[0] + loaded.Validation.Documents[0] + loaded.Test.Documents[0]);
        int total = text.EnumerateRunes().Count();
        Assert.Equal([total * 7 / 10, (total * 8 / 10) - (total * 7 / 10)], [.. new[] { loaded.Train, loaded.Validation }.Select(p => p.Documents[0].EnumerateRunes().Count())]);
        Assert.All(new[] { loaded.Validation, loaded.Test }, p => Assert.False(char.IsLowSurrogate(p.Documents[0][0])));
    }

    [Fact]
    public void A_table_of_ones_own_has_text_and_classes()
    {
        using var folder = new TemporaryFolder();
        string rows = string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},\"so, {i}\",{(i % 2 == 0 ? "yes" : "no")}\n"));
        string path = folder.Write("mine.csv", "id,text,answer\n" + rows);
        var options = new DataOptions { Name = "text", Path = path, Text = new() { Column = "text", LabelColumn = "answer" } };
        LoadedText loaded = DataCatalog.Default.LoadText(options);
        Assert.Equal(["no", "yes"], loaded.ClassNames);
        Assert.Equal(40, loaded.Train.Documents.Count + loaded.Validation.Documents.Count + loaded.Test.Documents.Count);
        Assert.All(loaded.Train.Documents.Zip(loaded.Train.Labels!), p => Assert.Equal(int.Parse(p.First[4..], System.Globalization.CultureInfo.InvariantCulture) % 2 == 0 ? 1 : 0, p.Second));
        Assert.Contains("no column 'txt'", Assert.Throws<DataException>(() => DataCatalog.Default.LoadText(options with { Text = new() { Column = "txt" } })).Message, StringComparison.Ordinal);
        Assert.Contains("not UTF-8 at byte", Assert.Throws<DataException>(() => DataCatalog.Default.LoadText(new() { Name = "text", Path = folder.Write("bad.txt", [97, 0xff, 98]) })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_not_loaded_as_numbers_nor_numbers_as_text()
    {
        Assert.Contains("holds text", Assert.Throws<DataException>(() => DataCatalog.Default.Load(new() { Name = "sentences" })).Message, StringComparison.Ordinal);
        Assert.Contains("holds no text", Assert.Throws<DataException>(() => DataCatalog.Default.LoadText(new() { Name = "iris" })).Message, StringComparison.Ordinal);
        Assert.Equal("standardize", Assert.Throws<OptionsException>(() => DataCatalog.Default.LoadText(new() { Name = "sentences", Standardize = true })).Option);
    }

    [Theory]
    [InlineData("tinyshakespeare", 2, 1, 0)]
    [InlineData("wikitext2-valtest", 2, 1, 0)]
    [InlineData("sst2", 67_349, 872, 2)]
    [InlineData("trec", 5452, 500, 6)]
    [InlineData("newsgroups-mini", 1200, 800, 20)]
    [InlineData("customer-reviews", 3020, 755, 2)]
    public void Known_texts_have_their_published_sizes(string name, int learnt, int test, int classes)
    {
        Assert.SkipUnless(DataFolders.FromEnvironment().Local is not null, "set ESPALIER_DATA to the folder of the local data sets");
        LoadedText text = DataCatalog.Default.LoadText(new() { Name = name });
        Assert.Equal((learnt, test, classes), (text.Train.Documents.Count + text.Validation.Documents.Count, text.Test.Documents.Count, text.ClassNames.Count));
        if (name == "tinyshakespeare")
            Assert.Equal((1_003_854, 111_540), (text.Train.Documents[0].Length, text.Validation.Documents[0].Length));
        if (name == "sst2")
            Assert.Equal((33_828, 3_741, 444), (text.Train.Labels!.Sum(), text.Validation.Labels!.Sum(), text.Test.Labels!.Sum()));
    }

    // Decisions of a sentence are told apart by its words; adjectives come in pairs through the mood.
    private static double CountedEntropy(TextDocuments text)
    {
        string[][] words = [.. text.Documents.Select(d => d.TrimEnd('.').Split(' '))];
        string[] shapes = [.. words.Select(w => string.Join(' ', w.Select(Shape)))];
        double nats = Entropy(shapes);
        nats += Enumerable.Range(0, words.Length).GroupBy(i => shapes[i]).Sum(group => (double)group.Count() / words.Length * words[group.First()].Select((_, slot) => slot)
            .Where(slot => Shape(words[group.First()][slot]) is "noun" or "verb").Sum(slot => Entropy([.. group.Select(i => words[i][slot].TrimEnd('s'))])));
        // Both adjectives of a sentence together, since the second depends on the first.
        nats += Enumerable.Range(0, words.Length).GroupBy(i => shapes[i]).Sum(group => (double)group.Count() / words.Length * Entropy([.. group.Select(i => string.Join(' ', words[i].Where(x => Shape(x) == "adjective")))]));
        return nats + Enumerable.Range(0, words.Length).GroupBy(i => shapes[i]).Sum(group => (double)group.Count() / words.Length * Entropy([.. group.Select(i => string.Join(' ', words[i].Where(x => Shape(x) == "noun").Select(x => x.EndsWith('s'))))]));
    }

    private static string Shape(string word) => word switch
    {
        "the" => "the",
        "grey" or "old" or "sad" or "dry" or "warm" or "new" or "kind" or "bright" => "adjective",
        _ when word.TrimEnd('s') is "see" or "hear" or "like" or "lift" or "sleep" or "wait" or "run" or "fall" => "verb",
        _ => "noun",
    };

    private static double Entropy(string[] values) => -values.GroupBy(v => v).Sum(g => (double)g.Count() / values.Length * Math.Log((double)g.Count() / values.Length));

    private static int? Guess(string sentence)
    {
        int[] moods = [.. sentence.TrimEnd('.').Split(' ').Where(w => Shape(w) == "adjective").Select(w => w is "grey" or "old" or "sad" or "dry" ? 0 : 1)];
        return moods.Length == 0 || moods is [var a, var b] && a != b ? null : moods[0];
    }
}
