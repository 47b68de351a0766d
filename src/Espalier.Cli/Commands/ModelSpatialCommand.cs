using System.ComponentModel;
using System.Globalization;
using Espalier.Networks;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Vision;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier model spatial</c>: the filters that a gMLP learned.</summary>
internal sealed class ModelSpatialCommand : EspalierCommand<ModelSpatialCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "<RUN>")]
        [Description("A run of a gMLP (a folder, a name, last), or a safetensors file.")]
        public string Run { get; init; } = "";

        [CommandOption("--png <FILE>")]
        [Description("Where the picture goes; filters.png where left out.")]
        public string Png { get; init; } = "filters.png";

        [CommandOption("--text")]
        [Description("Show W itself rather than its rows on the patch grid.")]
        public bool Text { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        string weights = settings.Run;
        bool isText = settings.Text;
        if (!File.Exists(weights))
        {
            using Run run = Espalier.Runs.Store.Run.Open(settings.Run);
            weights = run.WeightsPath;
            isText |= ModelZoo.IsText(RecipeRun.RecipeOf(run, EspalierHost.Catalog).Model.Name);
        }

        IReadOnlyList<StoredSpatialMatrix> matrices = StoredSpatialMatrix.Read(weights);
        PatchGrid? grid = isText ? null : SpatialFilters.SquareGrid(matrices[0].Tokens);
        SpatialFilters.Sheet(matrices, grid).Save(settings.Png);
        Table table = new Table().Border(TableBorder.Simple).AddColumns("layer", "tensor", "Toeplitz score", "random");
        for (int i = 0; i < matrices.Count; i++)
        {
            StoredSpatialMatrix m = matrices[i];
            table.AddRow((i + 1).ToString(CultureInfo.InvariantCulture), Markup.Escape(m.Name), SpatialFilters.Score(m, grid).ToString("0.000", CultureInfo.InvariantCulture),
                SpatialFilters.RandomScore(m.Tokens, grid).ToString("0.000", CultureInfo.InvariantCulture));
        }

        session.Terminal.Show(table);
        session.Terminal.Result(matrices.Select(m => new { m.Name, m.Tokens, Score = SpatialFilters.Score(m, grid) }));
        session.Terminal.Line($"picture   {settings.Png}");
        return Done;
    }
}
