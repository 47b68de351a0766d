using System.ComponentModel;
using Espalier.Recipes;
using Espalier.Recipes.Stages;
using Espalier.Robustness;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier attack</c>: robust accuracy of a saved run.</summary>
internal sealed class AttackCommand : SavedRunCommand<AttackCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--norm <NORM>")]
        [Description("What measures a change: linf or l2; the curves of the run where left out.")]
        public string? Norm { get; init; }

        [CommandOption("--epsilon <RADIUS>")]
        [Description("A radius; may be given several times.")]
        public double[] Epsilon { get; init; } = [];

        [CommandOption("--steps <N>")]
        [Description("Steps of projected gradient descent.")]
        public int? Steps { get; init; }

        [CommandOption("--restarts <N>")]
        [Description("Random starts; the strongest counts.")]
        public int? Restarts { get; init; }

        [CommandOption("--loss <LOSS>")]
        [Description("What the attack ascends: crossEntropy, differenceOfLogitsRatio or margin.")]
        public string? Loss { get; init; }

        [CommandOption("--samples <N>")]
        [Description("How many test samples; all where left out.")]
        public int? Samples { get; init; }
    }

    protected override string Stage => "attack";

    protected override void CheckWords(Settings settings)
    {
        Choice.Parse<Norm>("norm", settings.Norm);
        Choice.Parse<AttackLoss>("loss", settings.Loss);
    }

    protected override Recipe Configure(Recipe bare, Recipe original, Settings settings)
    {
        AttackOptions attack = original.Attack ?? new AttackOptions
        {
            Curves = [new() { Norm = Norm.LInf, Epsilons = [0.02, 0.05, 0.1, 0.2] }, new() { Norm = Norm.L2, Epsilons = [0.25, 0.5, 1] }],
        };
        if (Choice.Parse<Norm>("norm", settings.Norm) is { } norm)
        {
            IReadOnlyList<double> radii = settings.Epsilon.Length > 0 ? settings.Epsilon
                : attack.Curves.FirstOrDefault(c => c.Norm == norm)?.Epsilons ?? (norm == Norm.LInf ? [0.02, 0.05, 0.1, 0.2] : [0.25, 0.5, 1]);
            attack = attack with { Curves = [new() { Norm = norm, Epsilons = radii }] };
        }
        else
        {
            OptionsException.Require(settings.Epsilon.Length == 0, "epsilon", settings.Epsilon.FirstOrDefault(), "needs --norm: a radius has a norm");
        }

        return bare with
        {
            Attack = attack with
            {
                Samples = settings.Samples ?? attack.Samples,
                Pgd = attack.Pgd with
                {
                    Steps = settings.Steps ?? attack.Pgd.Steps,
                    Restarts = settings.Restarts ?? attack.Pgd.Restarts,
                    Loss = Choice.Parse<AttackLoss>("loss", settings.Loss) ?? attack.Pgd.Loss,
                },
            },
        };
    }
}
