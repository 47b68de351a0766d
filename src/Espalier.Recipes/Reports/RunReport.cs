using System.Globalization;
using Espalier.Recipes.Stages;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Reports;

/// <summary>
/// Writes <c>report.html</c> from what a run's folder holds and from nothing else, so that it can be made again at any
/// time.
/// </summary>
public static class RunReport
{
    /// <summary>Writes the report of a run.</summary>
    /// <param name="run">The run; stages that left no record are left out.</param>
    /// <param name="recipe">What was run.</param>
    public static void Write(Run run, Recipe recipe)
    {
        RunManifest manifest = run.Manifest;
        var report = new HtmlReport(
            Title(manifest, recipe),
            string.Create(CultureInfo.InvariantCulture, $"{manifest.Name}, {manifest.CreatedUtc:yyyy-MM-dd HH:mm} UTC, seed {recipe.Seed}, {manifest.Machine?.Cpu}"));
        TrainRecord? train = StageFile.Read<TrainRecord>(run, "train");
        ProbeRecord? probe = StageFile.Read<ProbeRecord>(run, "probe");
        EvaluateRecord? evaluate = StageFile.Read<EvaluateRecord>(run, "evaluate");
        LanguageRecord? language = StageFile.Read<LanguageRecord>(run, "language");
        DensityRecord? density = StageFile.Read<DensityRecord>(run, "density");
        AttackRecord? attack = StageFile.Read<AttackRecord>(run, "attack");
        DetectRecord? detect = StageFile.Read<DetectRecord>(run, "detect");
        ExplainRecord? explain = StageFile.Read<ExplainRecord>(run, "explain");

        SummarySection.Write(report, recipe, train, probe, evaluate, language, density, attack, detect, explain);
        if (train is not null)
            TrainSection.Write(report, run, recipe, train);
        if (train is not null)
            SpatialSection.Write(report, run, recipe);
        if (probe is not null)
            ProbeSection.Write(report, probe);
        if (evaluate is not null)
            EvaluateSection.Write(report, evaluate);
        if (language is not null)
            LanguageSection.Write(report, run, language);
        if (density is not null)
            DensitySection.Write(report, run, density);
        if (attack is { Curves.Count: > 0 })
            AttackSection.Write(report, recipe, attack);
        if (attack is not null)
            PolicyAttackSection.Write(report, attack);
        if (detect is not null)
            DetectSection.Write(report, detect);
        if (explain is not null)
            ExplainSection.Write(report, explain);
        NumbersSection.Write(report, run, recipe);
        report.Save(run.ReportPath);
    }

    private static string Title(RunManifest manifest, Recipe recipe) => manifest.SourceRun is { } source
        ? $"{char.ToUpperInvariant(manifest.Kind[0])}{manifest.Kind[1..]}: {Path.GetFileName(source)}"
        : recipe.Title.Length > 0 ? recipe.Title : recipe.Name;
}
