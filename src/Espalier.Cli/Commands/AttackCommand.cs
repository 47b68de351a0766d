using System.ComponentModel;
using Espalier.Errors;
using Espalier.Models.Endpoints;
using Espalier.Networks.Checkpoints;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier attack</c>: robust accuracy of a saved run, of an ONNX file, of a file of weights or of an endpoint.</summary>
internal sealed class AttackCommand : SavedRunCommand<AttackCommand.Settings>
{
    internal sealed class Settings : SavedRunSettings
    {
        [CommandOption("--policy <POLICY>")]
        [Description("autoattack, autoattack-plus, autoattack-rand, caa, autoae, sparse, an attack's name, a file of espalier attacks search, or a text such as \"mt(t=50) -> cw(t=125)\"; may be given several times.")]
        public string[] Policy { get; init; } = [];

        [CommandOption("--norm <NORM>")]
        [Description("What measures a change: linf, l2, l1 or l0 (pixels); the curves of the run where left out.")]
        public string? Norm { get; init; }

        [CommandOption("--epsilon <RADIUS>")]
        [Description("A radius, under l0 a number of pixels; may be given several times.")]
        [TypeConverter(typeof(NumberConverter))]
        public double[] Epsilon { get; init; } = [];

        [CommandOption("--samples <N>")]
        [Description("How many test samples; all where left out.")]
        public int? Samples { get; init; }

        [CommandOption("--steps <N>")]
        [Description("For the curve: steps of projected gradient descent.")]
        public int? Steps { get; init; }

        [CommandOption("--restarts <N>")]
        [Description("For the curve: random starts; the strongest counts.")]
        public int? Restarts { get; init; }

        [CommandOption("--loss <LOSS>")]
        [Description("For the curve, what it ascends: crossEntropy, differenceOfLogitsRatio or margin.")]
        public string? Loss { get; init; }

        [CommandOption("--mode <MODE>")]
        [Description("How a policy's stages are chained: best, union or officialRandom; the policy says it where left out.")]
        public string? Mode { get; init; }

        [CommandOption("--data <NAME>")]
        [Description("For a model's file or an endpoint: the data set whose test split is attacked.")]
        public string? Data { get; init; }

        [CommandOption("--arch <NAME>")]
        [Description("For a file of weights: the network, such as tiny_cnn.")]
        public string? Architecture { get; init; }

        [CommandOption("--layout <LAYOUT>")]
        [Description("For a file of weights, whose names it uses: native (default), tradesSmallCnn, ...")]
        public string? Layout { get; init; }

        [CommandOption("--answers <KIND>")]
        [Description("For an endpoint, what it answers: probabilities (default), logits, labels, or topProbabilities of its likeliest classes.")]
        public string? Answers { get; init; }

        [CommandOption("--i-own-this-endpoint")]
        [Description("For an endpoint elsewhere: that you may send it as many requests as an attack takes.")]
        public bool OwnEndpoint { get; init; }

        [CommandOption("--labels-only")]
        [Description("Ask for labels only.")]
        public bool LabelsOnly { get; init; }

        [CommandOption("--scores-only")]
        [Description("Ask for probabilities only, not for gradients.")]
        public bool ScoresOnly { get; init; }

        [CommandOption("--max-queries <N>")]
        [Description("The most inputs that may be sent through the model.")]
        public long? MaxQueries { get; init; }

        [CommandOption("--time-budget <SECONDS>")]
        [Description("How long a policy may take; what is not reached stays undecided.")]
        public double? TimeBudget { get; init; }

        [CommandOption("--workers <N>")]
        [Description("Batches attacked at the same time, each with one thread; for small models.")]
        public int? Workers { get; init; }

        [CommandOption("--batch-size <N>")]
        [Description("How many samples are attacked at once; 256 where left out.")]
        public int? BatchSize { get; init; }

        [CommandOption("--checkpoint <DIR>")]
        [Description("A folder that finished batches are kept in; given again, the attack goes on there.")]
        public string? Checkpoint { get; init; }

        [CommandOption("--eight-bit")]
        [Description("Judge adversarial inputs rounded to 8 bits too.")]
        public bool EightBit { get; init; }
    }

    private static readonly double[] s_linf = [0.02, 0.05, 0.1, 0.2];
    private static readonly double[] s_l2 = [0.25, 0.5, 1];
    private static readonly double[] s_l0 = [1, 5, 10, 20];

    protected override string Stage => "attack";

    protected override bool IsForeign(string source) => AuditTarget.IsFile(source) || AuditTarget.IsEndpoint(source);

    protected override void CheckWords(Settings settings)
    {
        Norm norm = Choice.Parse<Norm>("norm", settings.Norm) ?? Norm.LInf;
        Choice.Parse<AttackLoss>("loss", settings.Loss);
        Choice.Parse<ChainMode>("mode", settings.Mode);
        Choice.Parse<CheckpointLayout>("layout", settings.Layout);
        Choice.Parse<HttpAnswer>("answers", settings.Answers);
        foreach (string policy in settings.Policy)
            AttackPolicy.Open(policy, norm);
        bool isForeign = IsForeign(settings.Run);
        OptionsException.Require(settings.Data is null || isForeign, "data", settings.Data, "belongs to files and endpoints: a run is attacked on its own data");
        OptionsException.Require(settings.Policy.Length > 0 || isForeign || (settings.MaxQueries ?? settings.TimeBudget ?? settings.Workers) is null, "policy", null, "must be given with --max-queries, --time-budget and --workers");
        OptionsException.Require(!isForeign || (settings.Steps ?? settings.Restarts) is null, "steps", settings.Steps, "belongs to the curve of a run: put it into the policy, as in pgd(t=40)");
        OptionsException.Require(isForeign || !(settings.LabelsOnly || settings.ScoresOnly), "labelsOnly", true, "belongs to files and endpoints");
    }

    protected override Recipe Configure(Recipe bare, Recipe original, Settings settings)
    {
        if (settings.Policy.Length > 0)
            return bare.With(new AttackOptions { Samples = settings.Samples, Policies = Policies(settings) });
        AttackOptions attack = original.Attack is { Curves.Count: > 0 } known ? known : new AttackOptions
        {
            Curves = [new() { Norm = Norm.LInf, Epsilons = s_linf }, new() { Norm = Norm.L2, Epsilons = s_l2 }],
        };
        if (Choice.Parse<Norm>("norm", settings.Norm) is { } norm)
        {
            IReadOnlyList<double> radii = settings.Epsilon.Length > 0 ? settings.Epsilon
                : attack.Curves.FirstOrDefault(c => c.Norm == norm)?.Epsilons ?? (norm switch { Norm.LInf => s_linf, Norm.L0 => s_l0, _ => s_l2 });
            attack = attack with { Curves = [new() { Norm = norm, Epsilons = radii }] };
        }
        else
        {
            OptionsException.Require(settings.Epsilon.Length == 0, "epsilon", settings.Epsilon.FirstOrDefault(), "needs --norm: a radius has a norm");
        }

        return bare.With(attack with
        {
            Samples = settings.Samples ?? attack.Samples,
            Policies = [],
            Pgd = attack.Pgd with
            {
                Steps = settings.Steps ?? attack.Pgd.Steps,
                Restarts = settings.Restarts ?? attack.Pgd.Restarts,
                Loss = Choice.Parse<AttackLoss>("loss", settings.Loss) ?? attack.Pgd.Loss,
            },
        });
    }

    protected override int ExecuteForeign(Settings settings, Session session)
    {
        var options = new AuditTargetOptions
        {
            Data = settings.Data,
            Architecture = settings.Architecture,
            Layout = Choice.Parse<CheckpointLayout>("layout", settings.Layout) ?? CheckpointLayout.Native,
            LabelsOnly = settings.LabelsOnly,
            ScoresOnly = settings.ScoresOnly,
            Answers = Choice.Parse<HttpAnswer>("answers", settings.Answers) ?? HttpAnswer.Probabilities,
            OwnEndpoint = settings.OwnEndpoint,
        };
        using AuditTarget target = AuditTarget.Open(settings.Run, options, session.Device);
        var attack = new AttackOptions { Samples = settings.Samples, Policies = Policies(settings) };
        OptionsException.Within("attack", attack.Validate);
        return AuditForeign(settings, session, target, audit => audit.Attack(attack));
    }

    private static IReadOnlyList<PolicyAttackOptions> Policies(Settings settings)
    {
        Norm norm = Choice.Parse<Norm>("norm", settings.Norm) ?? Norm.LInf;
        double?[] radii = settings.Epsilon.Length > 0 ? [.. settings.Epsilon.Select(e => (double?)e)] : [null];
        string?[] policies = settings.Policy.Length > 0 ? [.. settings.Policy] : new string?[1];
        int part = 0;
        return [.. policies.SelectMany(_ => radii, (policy, radius) => new PolicyAttackOptions
        {
            Policy = policy,
            Norm = norm,
            Epsilon = radius ?? (policy is not null && AttackPolicy.Open(policy, norm).HasRadius ? null : throw new OptionsException("epsilon", null, "must be given: the largest change, such as --epsilon 0.03")),
            Mode = Choice.Parse<ChainMode>("mode", settings.Mode),
            BatchSize = settings.BatchSize ?? new PolicyAttackOptions().BatchSize,
            Evaluation = new RobustnessEvaluationOptions
            {
                Workers = settings.Workers ?? 1,
                MaxQueries = settings.MaxQueries,
                TimeBudget = settings.TimeBudget is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
                EightBit = settings.EightBit,
                Checkpoint = settings.Checkpoint is { } folder ? Path.Combine(folder, FormattableString.Invariant($"policy-{part++}")) : null,
            },
        })];
    }
}
