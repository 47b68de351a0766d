using System.ComponentModel;
using System.Globalization;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Cli.Output;
using Espalier.Errors;
using Espalier.Recipes;
using Espalier.Recipes.Detection;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier detectors compare</c>: all detectors on one model, and the one to use.</summary>
internal sealed class DetectorsCompareCommand : EspalierCommand<DetectorsCompareCommand.Settings>
{
    private const string Stage = "detectors";

    internal sealed class Settings : DetectorTargetSettings
    {
        [CommandOption("--detectors <LIST>")]
        [Description("Detectors with commas between, such as energy,knn:k=50; all that suit the model where left out.")]
        public string? Detectors { get; init; }

        [CommandOption("--near <SET>")]
        [Description("Outliers like the task: a data set, a folder of pictures, a table; may be given several times.")]
        public string[] Near { get; init; } = [];

        [CommandOption("--far <SET>")]
        [Description("Outliers unlike the task, generators too; may be given several times.")]
        public string[] Far { get; init; } = [];

        [CommandOption("--count <N>")]
        [Description("Outliers of each set, at most; twice as many as a draw takes where left out.")]
        public int? Count { get; init; }

        [CommandOption("--samples <N>")]
        [Description("Test samples, at most; all where left out.")]
        public int? Samples { get; init; }

        [CommandOption("--draws <N>")]
        [Description("Random draws of outliers that are averaged; 10 where left out.")]
        public int? Draws { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        var defaults = new DetectorComparisonOptions();
        var options = new DetectorComparisonOptions
        {
            Detectors = settings.Detectors is { } list && list != "all" ? DetectorCatalog.Split(list) : null,
            Near = settings.Near,
            Far = settings.Far,
            Fit = settings.Fit,
            Layer = settings.Layer,
            Samples = settings.Samples,
            Count = settings.Count,
            Protocol = new DetectionProtocolOptions { Draws = settings.Draws ?? defaults.Protocol.Draws },
        };
        options.Validate();
        using AuditTarget target = settings.Open(session.Device);
        var manifest = new RunManifest
        {
            Name = $"{Path.GetFileNameWithoutExtension(target.Name)}-detectors",
            Kind = Stage,
            CommandLine = CommandLine.Text,
            Seed = settings.Seed ?? 0,
            Machine = MachineInfo.Current(),
            Device = session.Device.ToString(),
            DataChecksums = target.Checksums,
            SourceRun = settings.Model == "last" ? null : settings.Model,
        };
        using Run run = settings.Out is { } folder ? Espalier.Runs.Store.Run.CreateAt(folder, manifest) : Espalier.Runs.Store.Run.Create("runs", manifest.Name, manifest);
        DetectorComparisonRecord record;
        try
        {
            record = StageDisplay.Show(session.Terminal, progress =>
            {
                DetectorComparisonRecord compared = DetectorComparison.Run(target, options, run, settings.Seed ?? 0, new Share(progress), session.Stop);
                progress.Report(new StageProgress(Stage, 1, string.Create(CultureInfo.InvariantCulture, $"{compared.Rows.Select(r => r.Detector).Distinct().Count()} compared on {compared.TestSamples:N0} test samples")));
                return compared;
            });
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            run.Finish(RunStatus.Interrupted);
            session.Terminal.Line("interrupted");
            return NotDone;
        }
        catch (EspalierException error)
        {
            run.Finish(RunStatus.Failed, error.Message);
            throw;
        }

        run.Finish(RunStatus.Completed);
        Show(session, record);
        session.Terminal.Result(record);
        session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
        return Done;
    }

    private static void Show(Session session, DetectorComparisonRecord record)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumns("detector", "validation").AddColumns("AUROC", "worst", "AUPR", "FPR95", "own mistakes");
        foreach (DetectorComparisonRow mean in record.Rows.Where(r => r is { Set: "mean", Group: "all" }).OrderByDescending(r => r.Mean.Auroc))
        {
            DetectorComparisonRow worst = record.Rows.Single(r => r.Set == "minimum" && r.Group == "all" && r.Detector == mean.Detector);
            table.AddRow(
                Markup.Escape(mean.Detector),
                Percent(record.Ranking.FirstOrDefault(r => r.Detector == mean.Detector)?.MeanAuroc),
                Percent(mean.Mean.Auroc),
                Percent(worst.Mean.Auroc),
                Percent(mean.Mean.AveragePrecision),
                Percent(mean.Mean.FalsePositiveRate),
                Percent(record.Errors.Single(e => e.Detector == mean.Detector).Metrics?.Auroc));
        }

        session.Terminal.Show(table);
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"accuracy  {record.Accuracy:P2} on {record.TestSamples:N0} test samples"));
        session.Terminal.Line(record.Recommended is { } best ? $"recommended by the validation distributions: {best}" : "no validation distributions: none is recommended");
        foreach ((string detector, string reason) in record.Skipped)
            session.Terminal.Line($"left out  {detector}: {reason}");
    }

    private sealed class Share(IProgress<StageProgress> stages) : IProgress<double>
    {
        public void Report(double value) => stages.Report(new StageProgress(Stage, value));
    }

    private static string Percent(double? value) => value is { } v ? (100 * v).ToString("0.00", CultureInfo.InvariantCulture) : "";
}
