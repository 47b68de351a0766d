using System.Globalization;
using Espalier.Recipes.Stages;
using Espalier.Robustness.Evaluation;
using Espalier.Runs.Reports;

namespace Espalier.Recipes.Reports;

/// <summary>The few numbers that everybody should see.</summary>
internal static class SummarySection
{
    public static void Write(HtmlReport report, Recipe recipe, TrainRecord? train, ProbeRecord? probe, EvaluateRecord? evaluate, LanguageRecord? language, DensityRecord? density, AttackRecord? attack, DetectRecord? detect, ExplainRecord? explain)
    {
        var figures = new List<(string, string, string)>();
        if (probe is not null)
        {
            ProbedFeatures best = probe.Probed[0];
            string gain = probe.Probed.FirstOrDefault(p => p.Features == "untrained encoder") is { } untrained ? $"{Format.Percent(untrained.Linear)} untrained" : $"{Format.Count(probe.TestSamples)} test samples";
            figures.Add((Format.Percent(best.Linear), "linear probe", gain));
            figures.Add((Format.Percent(best.Knn), "nearest neighbours", "accuracy of the most similar training samples' labels"));
        }

        if (evaluate is not null)
        {
            EvaluationNumbers best = evaluate.Ema ?? evaluate.Raw;
            string weights = evaluate.Ema is null ? "" : "averaged weights, ";
            figures.Add((Format.Percent(best.Accuracy), "test accuracy", $"{weights}{Format.Count(evaluate.Samples)} test samples"));
            figures.Add((Format.Percent(best.Ece), "calibration error", "how far stated confidence is off"));
        }

        if (language is not null)
        {
            LanguageNumbers best = language.Ema ?? language.Raw;
            figures.Add((Format.Number(best.Perplexity, 2), "perplexity", $"of {Format.Count(language.Vocabulary)} tokens; 1 is certainty"));
            figures.Add((Format.Percent(best.Accuracy), language.IsMasked ? "hidden tokens found" : "next tokens guessed", "first guess"));
        }

        if (density is not null)
            figures.Add((Format.Number(density.Ema ?? density.Raw, 3), "bits for each pixel", $"{Format.Count(density.Samples)} test images; 8 without a model"));

        if (attack is { Policies: [var worst, ..] })
        {
            worst = attack.Policies.MinBy(p => p.Report.RobustAccuracy)!;
            figures.Add((Format.Percent(worst.Report.RobustAccuracy), "accuracy under attack",
                string.Create(CultureInfo.InvariantCulture, $"{worst.Name}, {Norms.Name(worst.Report.Norm)} changes of at most {worst.Report.Epsilon:0.####}")));
        }
        else if (attack is not null)
        {
            AttackCurve curve = attack.Curves[0];
            RobustnessPoint point = curve.Middle;
            figures.Add((Format.Percent(point.RobustAccuracy), "accuracy under attack",
                string.Create(CultureInfo.InvariantCulture, $"{Norms.Name(curve.Norm)} changes of at most {point.Epsilon}")));
        }

        if (detect is not null)
            figures.Add((Format.Number(detect.Outliers.Average(o => o.Auroc)), "foreign inputs told apart", "mean AUROC; 1 is perfect, 0.5 is chance"));
        if (explain is not null)
            figures.Add(($"{explain.Explanations.Count(e => e.Valid)} of {explain.Explanations.Count}", "decisions explained", "by a smallest change that turns them"));
        if (train is not null)
            figures.Add((string.Create(CultureInfo.InvariantCulture, $"{train.Seconds:0.0} s"), "training time", $"{Format.Count((long)train.SamplesPerSecond)} samples per second"));
        report.Section("Summary", Lead(recipe)).KeyFigures(figures);
    }

    private static string Lead(Recipe recipe) => recipe.Paper is null ? $"Recipe {recipe.Name}." : $"Recipe {recipe.Name}, after {recipe.Paper}.";
}
