using System.ComponentModel;
using System.Globalization;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Training.Diagnostics;
using Espalier.Training.Scaling;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier scale</c>: what a change of batch size changes in a recipe, and why.</summary>
internal sealed class ScaleCommand : EspalierCommand<ScaleCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<RECIPE>")]
        [Description("A recipe's name or file.")]
        public string Recipe { get; init; } = "";

        [CommandOption("--batch-size <N>")]
        [Description("The batch size to go to.")]
        public int BatchSize { get; init; }

        [CommandOption("--no-estimate")]
        [Description("Leave out the short training that measures noise scale and curvature.")]
        public bool NoEstimate { get; init; }

        [CommandOption("--verify")]
        [Description("Train at both batch sizes, and once more in another data order, and compare the paths.")]
        public bool Verify { get; init; }

        [CommandOption("--samples <N>")]
        [Description("Samples of each training of --verify.")]
        public long Samples { get; init; } = 40_960;
    }

    protected override int Execute(Settings settings, Session session)
    {
        Recipe recipe = RecipeCatalog.Read(settings.Recipe, catalog: EspalierHost.Catalog);
        OptionsException.Require(settings.BatchSize >= 1, "batchSize", settings.BatchSize, "give the new batch size with --batch-size");
        OptionsException.Require(settings.Samples >= 1, "samples", settings.Samples, "must be at least 1");
        using RecipeData data = RecipeData.Load(recipe);
        var scaling = new RecipeScaling(recipe, data, session.Device, settings.BatchSize);
        IReadOnlyList<ScaledValue> changed = scaling.Changed;
        IReadOnlyList<ScaledValue> kept = scaling.Kept;
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"batch {scaling.Baseline.BatchSize} -> {settings.BatchSize}, kappa {scaling.Kappa:0.###}"));
        Table table = new Table().Border(TableBorder.Simple).AddColumns("value", "at the base batch", "scaled", "why");
        foreach (ScaledValue value in changed.Concat(kept))
            table.AddRow(value.Name, Text(value.Base), Text(value.Scaled), Markup.Escape(value.Reason));
        session.Terminal.Show(table);
        try
        {
            ScalingEstimate? estimate = settings.NoEstimate ? null : scaling.Estimate(session.Stop);
            if (estimate is not null)
                session.Terminal.Line(Describe(estimate));
            IReadOnlyList<ScalingWarning> warnings = scaling.Warnings(estimate);
            foreach (ScalingWarning warning in warnings)
                session.Terminal.Markup($"[yellow]warning[/]   {Markup.Escape(warning.Message)}");
            BatchInvarianceReport? report = settings.Verify ? scaling.Verify(settings.Samples, text => session.Terminal.Line($"          {text}"), session.Stop) : null;
            if (report is not null)
                Show(session, report);
            session.Terminal.Result(new
            {
                BaseBatchSize = scaling.Baseline.BatchSize,
                settings.BatchSize,
                scaling.Kappa,
                Values = changed,
                Kept = kept,
                Estimate = estimate,
                Warnings = warnings,
                Verification = report,
            });
            return Done;
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            session.Terminal.Line("interrupted");
            return NotDone;
        }
    }

    private static string Describe(ScalingEstimate estimate)
    {
        string noise = estimate.Note ?? string.Create(CultureInfo.InvariantCulture,
            $"gradient noise scale {(double.IsFinite(estimate.NoiseScale) ? estimate.NoiseScale.ToString("0", CultureInfo.InvariantCulture) : "beyond measure")} (tr Sigma {estimate.NoiseTrace:0.###}, |G|^2 {estimate.SignalSquared:0.#####})");
        string curvature = estimate.LargestCurvature is { } largest ? string.Create(CultureInfo.InvariantCulture, $", largest curvature {largest:0.###}") : "";
        return string.Create(CultureInfo.InvariantCulture, $"estimate  {noise}{curvature}; from {estimate.Samples} samples at the base batch");
    }

    private static void Show(Session session, BatchInvarianceReport report)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("departure from the base batch", $"batch {report.BatchSize}", "another order");
        table.AddRow("D of the weights", Short(report.Scaled.Weights), Short(report.Reordered.Weights));
        if (report.Scaled.Average is { } scaled && report.Reordered.Average is { } reordered)
            table.AddRow("D of the average", Short(scaled), Short(reordered));
        foreach ((string name, double gap) in report.Scaled.WorstGaps.OrderBy(g => g.Key, StringComparer.Ordinal))
            table.AddRow($"worst gap of {Markup.Escape(name)}", Short(gap), report.Reordered.WorstGaps.TryGetValue(name, out double other) ? Short(other) : "");
        session.Terminal.Show(table);
        if (report.Divergence is { } divergence)
            session.Terminal.Line(divergence);
        session.Terminal.Markup(report.IsInvariant
            ? $"[green]invariant[/]: the change of batch size does no more than another data order ({report.Samples} samples, {report.Points} points)"
            : $"[red]not invariant[/]: the change of batch size does more than another data order ({report.Samples} samples, {report.Points} points)");
        if (report.WiderGaps.Count > 0)
            session.Terminal.Markup($"[yellow]warning[/]   on the way {Markup.Escape(string.Join(", ", report.WiderGaps))} differed by more than twice what another data order does");
    }

    private static string Text(double value) => value.ToString(value >= 1000 ? "0" : "0.########", CultureInfo.InvariantCulture);

    private static string Short(double value) => double.IsFinite(value) ? value.ToString("0.####", CultureInfo.InvariantCulture) : "diverged";
}
