using System.ComponentModel;
using System.Globalization;
using Espalier.Data;
using Espalier.Recipes;
using Espalier.Training;
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
    }

    protected override int Execute(Settings settings, Session session)
    {
        Recipe recipe = RecipeCatalog.Read(settings.Recipe);
        TrainerOptions train = recipe.Train;
        OptionsException.Require(settings.BatchSize >= 1, "batchSize", settings.BatchSize, "give the new batch size with --batch-size");
        int baseBatch = train.BaseBatchSize ?? train.BatchSize;
        double kappa = (double)settings.BatchSize / baseBatch;
        using LoadedData data = DataCatalog.Default.Load(recipe.Data);
        (train with { BatchSize = settings.BatchSize, BaseBatchSize = baseBatch, MicroBatchSize = null }).ValidateFor(data.Splits.Train.Count);
        IReadOnlyList<ScaledValue> values = train.Explain(kappa, data.Splits.Train.Count);
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"batch {baseBatch} -> {settings.BatchSize}, kappa {kappa:0.###}"));
        Table table = new Table().Border(TableBorder.Simple).AddColumns("value", "at the base batch", "scaled", "why");
        foreach (ScaledValue value in values)
            table.AddRow(value.Name, Text(value.Base), Text(value.Scaled), Markup.Escape(value.Reason));
        session.Terminal.Show(table);
        session.Terminal.Line("lengths, warm-ups and intervals count samples and stay as they are");
        session.Terminal.Result(new { BaseBatchSize = baseBatch, settings.BatchSize, Kappa = kappa, Values = values });
        return Done;
    }

    private static string Text(double value) => value.ToString("0.########", CultureInfo.InvariantCulture);
}
