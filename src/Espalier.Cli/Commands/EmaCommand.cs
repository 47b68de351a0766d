using System.ComponentModel;
using System.Globalization;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Runs.Store;
using Espalier.Training.Averages;
using Espalier.Training.Checkpoints;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier ema</c>: an average of another width, made after the training from stored power-function averages.</summary>
internal sealed class EmaCommand : EspalierCommand<EmaCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[RUN]")]
        [Description("The folder of a run trained with train.postHoc, or last.")]
        public string Run { get; init; } = "last";

        [CommandOption("--sigma-rel <SIGMA>")]
        [Description("The wanted width relative to the length of training, in (0, 0.2886).")]
        public double? SigmaRel { get; init; }

        [CommandOption("--at-samples <N>")]
        [Description("The wanted end of the average in samples seen; that of the last stored one where left out.")]
        public long? AtSamples { get; init; }
    }

    protected override int Execute(Settings settings, Session session)
    {
        double sigma = settings.SigmaRel ?? throw new OptionsException("sigmaRel", null, "give the wanted width with --sigma-rel, such as 0.08");
        using Run run = Espalier.Runs.Store.Run.Open(settings.Run);
        PostHocEma postHoc = PostHocEma.Open(new CheckpointFolder(run.CheckpointFolder).Averages);
        IReadOnlyList<double> weights = postHoc.Weights(sigma, settings.AtSamples);
        IReadOnlyDictionary<string, Tensor> average = postHoc.Synthesize(sigma, settings.AtSamples);
        string path = settings.Out ?? Path.Combine(run.Folder, string.Create(CultureInfo.InvariantCulture, $"ema-{sigma:0.####}{(settings.AtSamples is { } at ? $"-{at}" : "")}.safetensors"));
        SafetensorsFile.Write(path, [.. average], SafetensorsFile.Open(postHoc.Files[^1]).Metadata.Where(m => !m.Key.StartsWith("espalier.s", StringComparison.Ordinal)).ToDictionary());
        Table table = new Table().Border(TableBorder.Simple).AddColumns("stored at samples", "sigma", "weight");
        for (int i = 0; i < weights.Count; i++)
            table.AddRow(postHoc.Stored[i].Samples.ToString("N0", CultureInfo.InvariantCulture), postHoc.Stored[i].SigmaRel.ToString("0.####", CultureInfo.InvariantCulture), weights[i].ToString("0.######", CultureInfo.InvariantCulture));
        session.Terminal.Show(table);
        IReadOnlyList<string> warnings = postHoc.Warnings(sigma, settings.AtSamples);
        foreach (string warning in warnings)
            session.Terminal.Line($"warning   {warning}");
        session.Terminal.Line($"weights   {path}");
        session.Terminal.Result(new { SigmaRel = sigma, Path = path, Weights = weights, Warnings = warnings });
        foreach (Tensor tensor in average.Values)
            tensor.Dispose();
        return Done;
    }
}
