using System.Globalization;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Text;
using Espalier.Runs.Reports;

namespace Espalier.Reproductions.Gmlp;

/// <summary>gMLP beside Transformers of its size, at equal steps (Liu et al. 2021, section 4).</summary>
internal static class TextRivals
{
    private const int MoreSteps = 6000;

    public static ReproductionPart Transformers(ReproductionContext context) => Compare("transformer", context,
    [
        ("Transformer, learned positions", "learned", MaskedShakespeare.Transformer(PositionKind.Learned), 208_450, "9.27", null),
        ("Transformer, relative position bias", "relative", MaskedShakespeare.Transformer(PositionKind.RelativeBias), 206_386, "5.24", null),
    ]);

    public static ReproductionPart Spatial(ReproductionContext context) => Compare("spatial", context,
    [
        ("gMLP, Toeplitz matrices", "toeplitz", MaskedShakespeare.Gmlp(6, 384, form: SpatialForm.Toeplitz), 232_508, "3.71", 3.9),
        ("aMLP, dense", "amlp", MaskedShakespeare.Gmlp(5, 384, attention: 32), 277_218, "3.96", 4.15),
    ]);

    /// <summary>The same at four times as many steps: how far the Transformers catch up.</summary>
    public static ReproductionPart Longer(ReproductionContext context)
    {
        using MaskedShakespeare setting = MaskedShakespeare.Load(context);
        var table = new SeedTable();
        var series = new List<ChartSeries>();
        foreach ((string name, ModelOptions model) in new[] { ("gMLP", GateAblation.Split), ("learned", MaskedShakespeare.Transformer(PositionKind.Learned)), ("relative", MaskedShakespeare.Transformer(PositionKind.RelativeBias)) })
        {
            TextCurve curve = setting.Train(name, model, 1, MoreSteps);
            table.Add(name, curve.Final);
            series.Add(Line(name, curve));
        }

        return new ReproductionPart("longer", string.Create(CultureInfo.InvariantCulture, $"The same with {MoreSteps:N0} steps, seed 1."),
            [.. series.Select(c => c.Name).Select(n => new Claim($"perplexity, {n}", "-", table.Text(n)))], [Chart("Masked-token loss over the steps, four times as many", series)])
        {
            Numbers = table.Means(),
        };
    }

    private static ReproductionPart Compare(string part, ReproductionContext context, (string Name, string Key, ModelOptions Model, long Parameters, string Reference, double? Limit)[] rivals)
    {
        using MaskedShakespeare setting = MaskedShakespeare.Load(context);
        var table = new SeedTable();
        var series = new List<ChartSeries>();
        var parameters = new Dictionary<string, long>();
        foreach (int seed in context.AllSeeds)
        {
            TextCurve split = setting.Train("split", GateAblation.Split, seed);
            table.Add("split", split.Final);
            if (seed == context.FirstSeed)
                series.Add(Line("gMLP, dense matrices", split));
            foreach ((string name, string key, ModelOptions model, _, _, _) in rivals)
            {
                TextCurve curve = setting.Train(name, model, seed);
                parameters[key] = curve.Parameters;
                table.Add(key, curve.Final);
                table.Add($"{key}.seconds", curve.Seconds);
                if (seed == context.FirstSeed)
                    series.Add(Line(name, curve));
            }
        }

        var claims = new List<Claim> { new("perplexity, gMLP with dense matrices", "4.12", table.Text("split")) };
        foreach ((string name, string key, _, long expected, string reference, double? limit) in rivals)
        {
            claims.Add(new($"parameters, {name}", expected.ToString("N0", CultureInfo.InvariantCulture), parameters[key].ToString("N0", CultureInfo.InvariantCulture), parameters[key] == expected));
            bool isRight = limit is { } most ? table.Max(key) <= most : table.Max("split") < table.Min(key);
            claims.Add(new($"perplexity, {name}", limit is null ? $"{reference}, worse than gMLP" : string.Create(CultureInfo.InvariantCulture, $"{reference}, at most {limit}"), table.Text(key), isRight));
        }

        if (parameters.ContainsKey("toeplitz"))
            claims.Add(new("Toeplitz below dense, mean over the seeds", "3.71 < 4.12", string.Create(CultureInfo.InvariantCulture, $"{table.Mean("toeplitz"):0.00} < {table.Mean("split"):0.00}"), table.Mean("toeplitz") < table.Mean("split")));
        return new ReproductionPart(part, MaskedShakespeare.Summary(context), claims, [Chart("Masked-token loss over the steps", series)]) { Numbers = table.Means() };
    }

    private static ChartSeries Line(string name, TextCurve curve) => new(name, [.. curve.Points.Select(p => (p.Step, Math.Log(p.Value)))]);

    private static (string Heading, string Svg) Chart(string heading, List<ChartSeries> series) =>
        (heading, new LineChart { Description = $"{heading}, seed 1", XLabel = "step", YLabel = "log perplexity, nats", Series = series }.ToSvg());
}
