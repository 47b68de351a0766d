using System.ComponentModel;
using Espalier.Counterfactuals.Distances;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier explain</c>: counterfactuals of a saved run's decisions.</summary>
internal sealed class ExplainCommand : SavedRunCommand<ExplainCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--samples <N>")]
        [Description("How many test samples.")]
        public int? Samples { get; init; }

        [CommandOption("--target <CLASS>")]
        [Description("The class to turn them into, by number; the next most likely one where left out.")]
        public int? Target { get; init; }

        [CommandOption("--distance <DISTANCE>")]
        [Description("What is kept small: l1 or l2.")]
        public string? Distance { get; init; }
    }

    protected override string Stage => "explain";

    protected override void CheckWords(Settings settings) => Choice.Parse<CounterfactualDistance>("distance", settings.Distance);

    protected override Recipe Configure(Recipe bare, Recipe original, Settings settings)
    {
        ExplainOptions explain = original.Explain ?? new();
        return bare.With(explain with
        {
            Samples = settings.Samples ?? explain.Samples,
            Target = settings.Target ?? explain.Target,
            Wachter = explain.Wachter with { Distance = Choice.Parse<CounterfactualDistance>("distance", settings.Distance) ?? explain.Wachter.Distance },
        });
    }
}
