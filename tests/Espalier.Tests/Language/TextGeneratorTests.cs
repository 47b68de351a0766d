using Espalier.Errors;
using Espalier.Language.Generation;
using Espalier.Language.Tokenizers;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;

namespace Espalier.Tests.Language;

public sealed class TextGeneratorTests : IDisposable
{
    private const int Window = 24;
    private static readonly CharacterTokenizer Tokenizer = new("abcdefghijklmnopqrstuvwxyz .".Select(c => (int)c), []);
    private readonly CausalLanguageModel _model = Model(false);

    public void Dispose() => _model.Dispose();

    private static CausalLanguageModel Model(bool toeplitz)
    {
        var options = new GmlpTextOptions
        {
            Vocabulary = Tokenizer.VocabularySize,
            MaxLength = Window,
            DModel = 16,
            DFfn = 32,
            Layers = 2,
            Causal = true,
            SpatialForm = toeplitz ? SpatialForm.Toeplitz : SpatialForm.Dense,
            SharedBias = toeplitz,
            SpatialInitStd = 0.5,
        };
        var model = new CausalLanguageModel(new GmlpTextEncoder(options, seed: 3));
        // An untrained model repeats its last token: larger weights give it opinions.
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(5);
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters())
        {
            if (name.Contains("fc", StringComparison.Ordinal))
                parameter.normal_(0, 0.7, generator);
        }

        return model;
    }

    [Theory]
    [InlineData(12)]
    [InlineData(60)]
    public void Greedy_text_is_the_same_from_what_is_kept_and_from_the_whole_window(int length)
    {
        // 60 tokens are more than the window: it slides.
        var options = new GenerationOptions { Temperature = 0, Length = length };
        GeneratedText kept = new TextGenerator(_model, Tokenizer).Generate("the ", options)[0];
        GeneratedText anew = new TextGenerator(_model, Tokenizer) { Recomputes = true }.Generate("the ", options)[0];
        Assert.Equal(length, kept.Tokens.Count);
        Assert.Equal(anew.Text, kept.Text);
        Assert.True(kept.Text.Distinct().Count() > 3, "a text of one letter would prove nothing");
        Assert.Equal(kept.Text, new TextGenerator(_model, Tokenizer).Generate("the ", options)[0].Text);
    }

    [Fact]
    public void A_text_is_what_its_definition_says()
    {
        // Token by token with the model itself and the sampler alone.
        var options = new GenerationOptions { Temperature = 0.8, TopK = 5, Seed = 11, Length = 40 };
        var sampler = new TokenSampler(options);
        List<int> ids = [.. Tokenizer.Encode("a cat")];
        _model.eval();
        for (int i = 0; i < 40; i++)
        {
            using var scope = torch.NewDisposeScope();
            using var noGradients = torch.no_grad();
            long[] window = [.. ids.TakeLast(Window).Select(x => (long)x)];
            float[] logits = _model.call(torch.tensor(window).view(1, -1))[0, -1].data<float>().ToArray();
            ids.Add(sampler.Draw(logits, ids.ToHashSet(), 0, i));
        }

        Assert.Equal(Tokenizer.Decode(ids.Skip(5)), new TextGenerator(_model, Tokenizer).Generate("a cat", options)[0].Text);
    }

    [Fact]
    public void Samples_side_by_side_are_those_written_alone()
    {
        var options = new GenerationOptions { Length = 30, Samples = 3, Seed = 2 };
        var generator = new TextGenerator(_model, Tokenizer);
        IReadOnlyList<GeneratedText> texts = generator.Generate("dog ", options);
        Assert.Equal(3, texts.Select(t => t.Text).Distinct().Count());
        Assert.Equal(texts[0].Text, generator.Generate("dog ", options with { Samples = 1 })[0].Text);
    }

    [Fact]
    public void Parts_of_a_stream_are_the_text()
    {
        var options = new GenerationOptions { Length = 30, Samples = 2, StopTexts = ["zq."] };
        var generator = new TextGenerator(_model, Tokenizer);
        (int Sample, string Text)[] parts = [.. generator.Stream("dog ", options)];
        IReadOnlyList<GeneratedText> whole = generator.Generate("dog ", options);
        for (int i = 0; i < 2; i++)
            Assert.Equal(whole[i].Text, string.Concat(parts.Where(p => p.Sample == i).Select(p => p.Text)));
        Assert.True(parts.Length > 20);
    }

    [Fact]
    public async Task An_asynchronous_stream_gives_the_same()
    {
        var options = new GenerationOptions { Length = 20 };
        var generator = new TextGenerator(_model, Tokenizer);
        var text = new System.Text.StringBuilder();
        await foreach ((int _, string part) in generator.StreamAsync("dog ", options, TestContext.Current.CancellationToken))
            text.Append(part);
        Assert.Equal(generator.Generate("dog ", options, TestContext.Current.CancellationToken)[0].Text, text.ToString());
    }

    [Fact]
    public void Stop_texts_and_tokens_end_a_text_before_themselves()
    {
        var generator = new TextGenerator(_model, Tokenizer);
        var options = new GenerationOptions { Length = 40, Seed = 4 };
        string full = generator.Generate("dog ", options)[0].Text;
        string stop = full.Substring(10, 3);
        int at = full.IndexOf(stop, StringComparison.Ordinal);
        GeneratedText stopped = generator.Generate("dog ", options with { StopTexts = [stop] })[0];
        Assert.Equal((full[..at], true), (stopped.Text, stopped.Stopped));
        Assert.Equal(full[..at], string.Concat(generator.Stream("dog ", options with { StopTexts = [stop] }).Select(p => p.Text)));
        int token = Tokenizer.Encode(full[15].ToString())[0];
        GeneratedText ended = generator.Generate("dog ", options with { StopTokens = [token] })[0];
        Assert.Equal((full[..full.IndexOf(full[15], StringComparison.Ordinal)], true), (ended.Text, ended.Stopped));
        Assert.DoesNotContain(token, ended.Tokens);
    }

    [Fact]
    public void A_character_is_shown_when_all_its_bytes_are_there()
    {
        var bytes = new ByteTokenizer([]);
        var writing = new TextWriting(bytes, new GenerationOptions { Length = 9 });
        string[] parts = [.. bytes.Encode("a🚀é!").Select(writing.Add)];
        Assert.Equal(["a", "", "", "", "🚀", "", "é", "!"], parts);
    }

    [Fact]
    public void A_streaming_model_goes_on_beyond_its_window()
    {
        using CausalLanguageModel toeplitz = Model(true);
        var options = new GenerationOptions { Temperature = 0, Length = 60, Streaming = true };
        GeneratedText streamed = new TextGenerator(toeplitz, Tokenizer).Generate("the ", options)[0];
        GeneratedText exact = new TextGenerator(toeplitz, Tokenizer).Generate("the ", options with { Streaming = false })[0];
        Assert.Equal(60, streamed.Tokens.Count);
        // The same until the window is full.
        Assert.Equal(exact.Tokens.Take(Window - 4), streamed.Tokens.Take(Window - 4));
    }

    [Fact]
    public void Bad_prompts_are_refused()
    {
        var generator = new TextGenerator(_model, Tokenizer);
        Assert.Equal("prompt", Assert.Throws<OptionsException>(() => generator.Generate("", new())).Option);
        Assert.Throws<DataException>(() => generator.Generate("Ü", new()));
        Assert.Equal("vocabulary", Assert.Throws<OptionsException>(() => new TextGenerator(_model, new ByteTokenizer([]))).Option);
    }
}
