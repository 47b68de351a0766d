using Espalier.Recipes;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier evaluate</c>: accuracy and calibration of a saved run on its test split.</summary>
internal sealed class EvaluateCommand : SavedRunCommand<SavedRunSettings>
{
    protected override string Stage => "evaluate";

    protected override Recipe Configure(Recipe bare, Recipe original, SavedRunSettings settings) =>
        bare with { Evaluate = original.Evaluate ?? new() };
}
