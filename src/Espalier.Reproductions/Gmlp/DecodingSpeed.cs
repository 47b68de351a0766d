using System.Diagnostics;
using System.Globalization;
using Espalier.Language.Generation;
using Espalier.Language.Tokenizers;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Runs.Reports;

namespace Espalier.Reproductions.Gmlp;

/// <summary>What a token costs to write when earlier ones are kept, and when the prefix is computed again.</summary>
internal static class DecodingSpeed
{
    private const int Length = 512;
    private const int Tokens = 500;

    public static ReproductionPart Run(ReproductionContext context)
    {
        var tokenizer = new CharacterTokenizer(Enumerable.Range(' ', 95), []);
        var options = new GmlpTextOptions { Vocabulary = tokenizer.VocabularySize, MaxLength = Length, DModel = 256, DFfn = 1536, Layers = 6, SpatialForm = SpatialForm.Dense, Causal = true, SpatialInitStd = 0.02 };
        using var model = new CausalLanguageModel(new GmlpTextEncoder(options, seed: 1));
        Randomize(model);
        model.to(context.Device);
        (string kept, double[] cached) = Write(model, tokenizer, recomputes: false, context);
        (string anew, double[] full) = Write(model, tokenizer, recomputes: true, context);
        double ratio = full.Sum() / cached.Sum();
        return new ReproductionPart("decoding",
            string.Create(CultureInfo.InvariantCulture, $"Causal gMLP, d = {options.DModel}, L = {options.Layers}, e = {options.DFfn}, n = {Length}: {Tokens} greedy tokens, with what earlier ones leave behind kept, and with the prefix computed again for each."),
            [
                new("the same text", "identical", kept == anew ? "identical" : "differs", kept == anew),
                new("seconds, kept", "-", cached.Sum().ToString("0.00", CultureInfo.InvariantCulture)),
                new("seconds, computed again", "-", full.Sum().ToString("0.00", CultureInfo.InvariantCulture)),
                new("how many times faster", "at least 10", ratio.ToString("0.0", CultureInfo.InvariantCulture), ratio >= 10),
            ],
            [("Milliseconds a token", new LineChart { Description = "Milliseconds per token over the length of the prefix, kept and computed again", XLabel = "tokens before", YLabel = "ms per token", YMinimum = 0, Series = [Line("kept", cached), Line("computed again", full)] }.ToSvg())])
        {
            Numbers = new Dictionary<string, double> { ["cached"] = cached.Sum(), ["recomputed"] = full.Sum(), ["ratio"] = ratio },
        };
    }

    private static (string Text, double[] Seconds) Write(CausalLanguageModel model, Tokenizer tokenizer, bool recomputes, ReproductionContext context)
    {
        var generator = new TextGenerator(model, tokenizer) { Recomputes = recomputes };
        var options = new GenerationOptions { Length = Tokens, Temperature = 0 };
        generator.Generate("warm-up", options with { Length = 8 }, context.CancellationToken);
        var seconds = new List<double>(Tokens);
        var text = new System.Text.StringBuilder();
        long last = Stopwatch.GetTimestamp();
        foreach ((int _, string part) in generator.Stream("once ", options, context.CancellationToken))
        {
            long now = Stopwatch.GetTimestamp();
            seconds.Add(Stopwatch.GetElapsedTime(last, now).TotalSeconds);
            last = now;
            text.Append(part);
        }

        context.Report(string.Create(CultureInfo.InvariantCulture, $"{(recomputes ? "computed again" : "kept")}: {seconds.Sum():0.00} s for {seconds.Count} tokens"));
        return (text.ToString(), [.. seconds]);
    }

    // An untrained model repeats its last token, of which equality would say little.
    private static void Randomize(CausalLanguageModel model)
    {
        using var noGradients = torch.no_grad();
        using var generator = new torch.Generator(1);
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in model.named_parameters())
        {
            if (name.Contains("fc", StringComparison.Ordinal))
                parameter.normal_(0, 0.1, generator);
        }
    }

    // Means of ten tokens: single ones are as noisy as the machine.
    private static ChartSeries Line(string name, double[] seconds) => new(name, [.. seconds.Chunk(10).Select((c, i) => ((i * 10) + 5.0, 1000 * c.Average()))]);
}
