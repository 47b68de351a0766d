using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Corpora;
using Espalier.Language.Objectives;
using Espalier.Language.Tokenizers;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Espalier.Training.Schedules;

namespace Espalier.Tests.Language;

public sealed class LanguageObjectiveTests
{
    private const int Width = 24;

    private static CharacterTokenizer Tokenizer(params SpecialToken[] specials) => CharacterTokenizer.Train([string.Concat(SentenceGrammar.Generate(200, 1).Documents) + "\n"], specials);

    private static GmlpTextEncoder Encoder(Tokenizer tokenizer, bool causal = false) => new(new GmlpTextOptions
    {
        Vocabulary = tokenizer.VocabularySize,
        MaxLength = Width,
        DModel = 16,
        DFfn = 32,
        Layers = 1,
        Causal = causal,
    }, new TextTokens(tokenizer.Specials.Pad), seed: 1);

    /// <summary>Sentences of many lengths, padded: the number of hidden tokens differs from row to row.</summary>
    private static Dataset Rows(Tokenizer tokenizer, int count = 96) => TextEncoding.Rows(tokenizer, SentenceGrammar.Generate(count, 3), [], Width, TextFraming.None);

    private static float[] Train(int? micro, int steps, Action<TrainingProgress>? watch = null, double probability = 0.15)
    {
        CharacterTokenizer tokenizer = Tokenizer(SpecialToken.Pad, SpecialToken.Mask);
        using Dataset data = Rows(tokenizer);
        using var model = new MaskedLanguageModel(Encoder(tokenizer));
        var options = new TrainerOptions
        {
            BatchSize = 12,
            MicroBatchSize = micro,
            Length = Duration.Steps(steps),
            ClipNorm = 1,
            Optimizer = new() { Kind = OptimizerKind.Sgd, LearningRate = 0.5, Momentum = 0, WeightDecay = 0 },
            Schedule = new() { Shape = ScheduleShape.Constant },
        };
        var objective = new MaskedLanguageObjective(model, tokenizer, new() { Probability = probability }, seed: 1);
        using TrainingResult result = new Trainer(options).Fit(objective, objective.ForTraining(data.Tokens()), new() { Progress = watch is null ? null : new Listener(watch) });
        return [.. model.parameters().SelectMany(p => p.detach().flatten().data<float>().ToArray())];
    }

    [Fact]
    public void Micro_batches_change_nothing_although_the_number_of_hidden_tokens_varies()
    {
        float[] whole = Train(null, 5);
        float[] ragged = Train(5, 5);
        float[] single = Train(1, 5);
        for (int i = 0; i < whole.Length; i++)
        {
            Assert.Equal(whole[i], ragged[i], 1e-5f);
            Assert.Equal(whole[i], single[i], 1e-5f);
        }
    }

    [Fact]
    public void A_step_that_hides_nothing_leaves_the_weights_alone_and_goes_on()
    {
        var losses = new List<double>();
        // With one token in 4,000 hidden most steps of 12 short rows hide none.
        float[] trained = Train(4, 40, p => losses.Add(p.Loss), probability: 1 / 4000.0);
        Assert.Contains(losses, double.IsNaN);
        Assert.Contains(losses, double.IsFinite);
        Assert.All(trained, w => Assert.True(float.IsFinite(w)));
    }

    [Fact]
    public void A_uniform_model_has_the_perplexity_of_the_vocabulary()
    {
        CharacterTokenizer tokenizer = Tokenizer(SpecialToken.Pad, SpecialToken.Mask);
        using Dataset data = Rows(tokenizer);
        using var masked = new MaskedLanguageModel(Encoder(tokenizer));
        using var causal = new CausalLanguageModel(Encoder(tokenizer, causal: true));
        foreach (torch.nn.Module model in new torch.nn.Module[] { masked, causal })
        {
            using var noGradients = torch.no_grad();
            foreach (TorchSharp.Modules.Parameter parameter in model.parameters())
                parameter.zero_();
        }

        var hidden = new MaskedLanguageObjective(masked, tokenizer, new(), 1);
        Assert.Equal(tokenizer.VocabularySize, hidden.Evaluate(hidden.ForEvaluation(data.Tokens()), default)["perplexity"], 3);
        using Dataset windows = TextEncoding.Windows(tokenizer, SentenceGrammar.Generate(50, 3), Width + 1, Width);
        IReadOnlyDictionary<string, double> numbers = new CausalLanguageObjective(causal).Evaluate(windows.Tokens(), default);
        Assert.Equal(tokenizer.VocabularySize, numbers["perplexity"], 3);
        Assert.Equal(Math.Log2(tokenizer.VocabularySize), numbers["bitsPerCharacter"], 5);
    }

    [Fact]
    public void The_perplexity_is_that_of_all_hidden_tokens_at_once_and_the_same_each_time()
    {
        CharacterTokenizer tokenizer = Tokenizer(SpecialToken.Pad, SpecialToken.Mask);
        using Dataset data = Rows(tokenizer, 150);
        using var model = new MaskedLanguageModel(Encoder(tokenizer), seed: 4);
        model.eval();
        var objective = new MaskedLanguageObjective(model, tokenizer, new() { EvaluationSeed = 9 }, seed: 1);
        double perplexity = objective.Evaluate(objective.ForEvaluation(data.Tokens()), default)["perplexity"];
        Assert.Equal(perplexity, objective.Evaluate(objective.ForEvaluation(data.Tokens()), default)["perplexity"]);

        // By hand, over the logits of every token in one batch.
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        (Tensor inputs, Tensor targets) = new TokenMasking(new() { EvaluationSeed = 9 }, tokenizer).Apply(data.All().Inputs, 9, 0);
        Tensor logs = model.call(inputs).log_softmax(2);
        Tensor chosen = targets.ne(TokenMasking.Ignored);
        Tensor nll = -logs.gather(2, targets.clamp(0).unsqueeze(2)).squeeze(2).masked_select(chosen);
        Assert.Equal(Math.Exp(nll.to(torch.float64).mean().ToDouble()), perplexity, 1e-4);
    }

    [Fact]
    public void The_loss_of_the_next_token_is_that_of_its_definition()
    {
        CharacterTokenizer tokenizer = Tokenizer(SpecialToken.Pad);
        using Dataset data = TextEncoding.Rows(tokenizer, SentenceGrammar.Generate(20, 3), [], Width + 1, TextFraming.None);
        using var model = new CausalLanguageModel(Encoder(tokenizer, causal: true));
        model.eval();
        double loss = new CausalLanguageObjective(model, charactersPerToken: 2).Evaluate(data.Tokens(), default)["loss"];
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        Tensor rows = data.All().Inputs;
        (double sum, int count) = (0, 0);
        for (int row = 0; row < 20; row++)
        {
            for (int t = 0; t < Width; t++)
            {
                long next = rows[row, t + 1].item<long>();
                if (next == tokenizer.Specials.Pad)
                    break;
                sum -= model.call(rows.narrow(0, row, 1).narrow(1, 0, t + 1))[0, t].log_softmax(0)[next].ToDouble();
                count++;
            }
        }

        Assert.Equal(sum / count, loss, 1e-5);
    }

    [Fact]
    public void Dropped_words_become_unknown_as_often_as_asked_and_never_special_ones()
    {
        WordTokenizer tokenizer = WordTokenizer.Train(["a b c d e f g h"], new(), [SpecialToken.Pad]);
        using Dataset data = TextEncoding.Rows(tokenizer, new("rows", [.. Enumerable.Repeat("a b c d e f g h", 4000)], [.. new int[4000]]), ["only", "other"], 10, TextFraming.None);
        using var model = new SequenceClassifier(new GmlpTextEncoder(new() { Vocabulary = tokenizer.VocabularySize, MaxLength = 10, DModel = 4, DFfn = 4, Layers = 1 }), 2);
        var objective = new TextClassificationObjective(model, tokenizer, new() { WordDropout = 0.05 }, seed: 1);
        using LabelledBatch first = objective.Prepare(data.All() with { Position = 7 });
        using LabelledBatch again = objective.Prepare(data.All() with { Position = 7 });
        long dropped = first.Inputs.eq(tokenizer.Specials.Unknown!.Value).sum().item<long>();
        // 32,000 draws of 0.05: three standard deviations are 0.0037.
        Assert.InRange(dropped / 32_000.0, 0.0463, 0.0537);
        Assert.Equal(8000, first.Inputs.eq(tokenizer.Specials.Pad!.Value).sum().item<long>());
        Assert.Equal(first.Inputs.data<long>().ToArray(), again.Inputs.data<long>().ToArray());
    }

    [Fact]
    public void Vocabularies_must_agree()
    {
        CharacterTokenizer tokenizer = Tokenizer(SpecialToken.Mask);
        using var model = new MaskedLanguageModel(Encoder(tokenizer));
        Assert.Equal("vocabulary", Assert.Throws<OptionsException>(() => new MaskedLanguageObjective(model, new ByteTokenizer([SpecialToken.Mask]), new(), 1)).Option);
    }

    private sealed class Listener(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
