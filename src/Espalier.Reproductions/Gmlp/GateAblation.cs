using System.Globalization;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Runs.Reports;

namespace Espalier.Reproductions.Gmlp;

/// <summary>
/// Which form of the spatial gating unit learns best (Liu et al. 2021, Table 3), and whether its matrices become
/// shift-invariant by themselves (Fig. 9).
/// </summary>
internal static class GateAblation
{
    private const int EarlyStep = 500;

    private static readonly (string Name, ModelOptions Model, long Parameters, string Reference)[] Forms =
    [
        ("linear", MaskedShakespeare.Gmlp(6, 256, GateForm.Linear), 231_746, "10.10 (paper 5.14)"),
        ("additive", MaskedShakespeare.Gmlp(6, 256, GateForm.Additive), 231_746, "4.65 (paper 4.97)"),
        ("multiplicative", MaskedShakespeare.Gmlp(6, 256, GateForm.Multiplicative), 231_746, "4.63 (paper 4.53)"),
        ("split", MaskedShakespeare.Gmlp(6, 384), 256_322, "4.12 (paper 4.35)"),
    ];

    /// <summary>The gMLP that the other parts compare with.</summary>
    public static ModelOptions Split => Forms[^1].Model;

    public static ReproductionPart Run(ReproductionContext context)
    {
        using MaskedShakespeare setting = MaskedShakespeare.Load(context);
        var table = new SeedTable();
        var series = new List<ChartSeries>();
        var parameters = new Dictionary<string, long>();
        foreach (int seed in context.AllSeeds)
        {
            foreach ((string name, ModelOptions model, _, _) in Forms)
            {
                TextCurve curve = setting.Train(name, model, seed, watch: name == "split" ? (encoder, step) => Watch((GmlpTextEncoder)encoder, step, table) : null);
                parameters[name] = curve.Parameters;
                table.Add(name, curve.Final);
                table.Add($"{name}.seconds", curve.Seconds);
                if (name == "split")
                    table.Add("early", curve.At(EarlyStep));
                if (seed == context.FirstSeed)
                    series.Add(new(name, [.. curve.Points.Select(p => (p.Step, Math.Log(p.Value)))]));
            }
        }

        return new ReproductionPart("ablation", MaskedShakespeare.Summary(context), [.. Claims(table, parameters)],
            [("Validation loss of the forms", new LineChart { Description = "Masked-token loss over the steps for the four forms of the gate, seed 1", XLabel = "step", YLabel = "log perplexity, nats", Series = series }.ToSvg())])
        {
            Numbers = table.Means(),
        };
    }

    private static IEnumerable<Claim> Claims(SeedTable t, Dictionary<string, long> parameters)
    {
        foreach ((string name, _, long expected, string reference) in Forms)
        {
            yield return new($"parameters, {name}", expected.ToString("N0", CultureInfo.InvariantCulture), parameters[name].ToString("N0", CultureInfo.InvariantCulture), parameters[name] == expected);
            yield return new($"perplexity, {name}", reference, t.Text(name), name == "split" ? t.Max(name) <= 4.3 : null);
        }

        yield return new("order of the means: linear > additive > multiplicative > split", "5.14 > 4.97 > 4.53 > 4.35",
            string.Create(CultureInfo.InvariantCulture, $"{t.Mean("linear"):0.00}, {t.Mean("additive"):0.00}, {t.Mean("multiplicative"):0.00}, {t.Mean("split"):0.00}"),
            t.Mean("linear") > t.Mean("additive") && t.Mean("additive") > t.Mean("multiplicative") && t.Mean("multiplicative") > t.Mean("split"));
        yield return new("worst split seed below the best of the others", "4.12 < 4.63", string.Create(CultureInfo.InvariantCulture, $"{t.Max("split"):0.00} < {Math.Min(t.Min("additive"), t.Min("multiplicative")):0.00}"),
            t.Max("split") < Math.Min(t.Min("additive"), t.Min("multiplicative")));
        yield return new($"perplexity, split, after {EarlyStep} steps", "6.79", t.Text("early"));
        double[] scores = [.. Enumerable.Range(0, 6).Select(i => t.Mean($"toeplitz.{i}"))];
        yield return new($"share of shift invariance of the six matrices after {EarlyStep} steps", "0.77 0.94 0.79 0.83 0.58 0.06; at least 0.5 in four",
            string.Join(' ', scores.Select(s => s.ToString("0.00", CultureInfo.InvariantCulture))), t.Min("toeplitz.above") >= 4);
    }

    private static void Watch(GmlpTextEncoder encoder, double step, SeedTable table)
    {
        if (step != EarlyStep)
            return;
        using var scope = torch.NewDisposeScope();
        double[] scores = [.. encoder.SpatialMatrices().Select(Toeplitz.Score)];
        for (int i = 0; i < scores.Length; i++)
            table.Add($"toeplitz.{i}", scores[i]);
        table.Add("toeplitz.above", scores.Count(s => s >= 0.5));
    }
}
