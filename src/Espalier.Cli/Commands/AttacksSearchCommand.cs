using System.ComponentModel;
using System.Globalization;
using Espalier.Cli.Output;
using Espalier.Communication;
using Espalier.Recipes;
using Espalier.Recipes.Search;
using Espalier.Robustness.Regions;
using Espalier.Robustness.Search;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier attacks search</c>: the strongest cheap composite attack on a model.</summary>
internal sealed class AttacksSearchCommand : EspalierCommand<AttacksSearchCommand.Settings>
{
    internal sealed class Settings : AttackTargetSettings
    {
        [CommandOption("--population <K>")]
        [Description("Policies that live at a time; 20 where left out.")]
        public int? Population { get; init; }

        [CommandOption("--generations <G>")]
        [Description("Generations after the first; 10 where left out.")]
        public int? Generations { get; init; }

        [CommandOption("--stages <N>")]
        [Description("The most stages of a policy; 3 where left out.")]
        public int? Stages { get; init; }

        [CommandOption("--max-steps <T>")]
        [Description("The most steps of a stage; 200 (1,000 of DDN and CW-L2) where left out.")]
        public int? MaxSteps { get; init; }

        [CommandOption("--max-gradients <N>")]
        [Description("The most nominal gradients per input of a policy; costlier ones are not bred.")]
        public double? MaxGradients { get; init; }

        [CommandOption("--pool <ATTACKS>")]
        [Description("Attacks that policies are made of, with commas between; the paper's and AutoAttack's of the norm where left out.")]
        public string? Pool { get; init; }

        [CommandOption("--search-samples <N>")]
        [Description("Training samples that policies are bred on, and as many that one is chosen by; 100 where left out.")]
        public int? SearchSamples { get; init; }

        [CommandOption("--baselines <POLICIES>")]
        [Description("What the found policy is compared with on the test samples, with commas between; autoattack,caa where left out; random adds a random search of as many policies.")]
        public string? Baselines { get; init; }

        [CommandOption("--unseeded")]
        [Description("Leave the published policies out of the first population.")]
        public bool Unseeded { get; init; }

        [CommandOption("--workers <N>")]
        [Description("Policies evaluated at the same time, each with one thread; all cores where left out.")]
        public int? Workers { get; init; }

        [CommandOption("--state <FILE>")]
        [Description("Where the search is kept; given again, it goes on there. In the run's folder where left out.")]
        public string? State { get; init; }

        [CommandOption("--distributed <KIND>")]
        [Description("mpi: share the policies among the ranks of mpiexec.")]
        public string? Distributed { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        using ICommunicator ranks = Ranks.Join(settings.Distributed, settings.Threads);
        return Ranks.Run(ranks, () => Search(settings, session, ranks));
    }

    private static int Search(Settings settings, Session session, ICommunicator ranks)
    {
        var defaults = new PolicySearchOptions();
        var options = new PolicySearchAuditOptions
        {
            Search = new PolicySearchOptions
            {
                Norm = Choice.Parse<Norm>("norm", settings.Norm) ?? Norm.LInf,
                Epsilon = settings.RequiredEpsilon,
                Population = settings.Population ?? defaults.Population,
                Generations = settings.Generations ?? defaults.Generations,
                Stages = settings.Stages ?? defaults.Stages,
                MaxSteps = settings.MaxSteps,
                MaxComplexity = settings.MaxGradients,
                Pool = Words(settings.Pool),
                SeedPublished = !settings.Unseeded,
                Workers = settings.Workers ?? (ranks.Size > 1 ? 1 : Environment.ProcessorCount),
                Seed = settings.Seed ?? 0,
                StatePath = settings.State,
            },
            SearchSamples = settings.SearchSamples ?? new PolicySearchAuditOptions().SearchSamples,
            ReportSamples = settings.Samples,
        };
        if (settings.Baselines is { } text)
            options = options with { Baselines = Words(text) };
        options.Validate();
        using AuditTarget target = settings.Open(session.Device);
        if (ranks.Rank > 0)
        {
            PolicySearchAudit.Run(target, options, null, ranks, null, session.Stop);
            return Done;
        }

        var manifest = new RunManifest
        {
            Name = $"{Path.GetFileNameWithoutExtension(target.Name)}-search",
            Kind = "search",
            CommandLine = CommandLine.Text,
            Seed = settings.Seed ?? 0,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
            DataChecksums = target.Checksums,
            SourceRun = settings.Model == "last" ? null : settings.Model,
        };
        using Run run = settings.Out is { } folder ? Espalier.Runs.Store.Run.CreateAt(folder, manifest) : Espalier.Runs.Store.Run.Create("runs", manifest.Name, manifest);
        PolicySearchRecord? record = PolicySearchAudit.Run(target, options, run, ranks, new Shown(session.Terminal), session.Stop);
        if (record is null)
        {
            session.Terminal.Line("interrupted; the same command with --state goes on");
            return NotDone;
        }

        Table table = new Table().Border(TableBorder.Simple).AddColumns("policy", "stages").AddColumn(new TableColumn("robust").RightAligned())
            .AddColumn(new TableColumn("gradients").RightAligned()).AddColumn(new TableColumn("seconds").RightAligned()).AddColumn(new TableColumn("McNemar p").RightAligned());
        foreach (PolicyComparison row in record.Comparisons)
        {
            table.AddRow(Markup.Escape(row.Name), Markup.Escape(row.Report.Attack), row.Report.RobustAccuracy.ToString("P2", CultureInfo.InvariantCulture),
                row.Report.GradientsPerExample.ToString("N0", CultureInfo.InvariantCulture), row.Report.WallSeconds.ToString("N1", CultureInfo.InvariantCulture),
                double.IsNaN(row.PValue) ? "" : row.PValue.ToString("0.###", CultureInfo.InvariantCulture));
        }

        session.Terminal.Show(table);
        session.Terminal.Line($"policy    {Path.GetRelativePath(Environment.CurrentDirectory, PolicySearchAudit.PolicyPath(run))}");
        session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
        session.Terminal.Result(run.Summary.Values);
        return Done;
    }

    private static string[] Words(string? text) => text?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    private sealed class Shown(Terminal terminal) : IProgress<PolicySearchGeneration>
    {
        public void Report(PolicySearchGeneration value)
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"generation {value.Number} of {value.Last}: {value.Evaluations} policies evaluated, {value.MemoHits} known before"));
            foreach ((double complexity, double robust, string text) in value.Front)
                terminal.Line(string.Create(CultureInfo.InvariantCulture, $"  {robust,7:P1} left at {complexity,6:N0} gradients  {text}"));
        }
    }
}
