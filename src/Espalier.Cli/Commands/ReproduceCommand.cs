using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Reproductions;
using Espalier.Runs.Reports;
using Espalier.Runs.Store;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier reproduce</c>: a paper's claims, the published numbers beside ours.</summary>
internal sealed class ReproduceCommand : EspalierCommand<ReproduceCommand.Settings>
{
    internal sealed class Settings : GlobalSettings
    {
        [CommandArgument(0, "[NAME]")]
        [Description("Which; all are listed where left out.")]
        public string? Name { get; init; }

        [CommandOption("--part <NAME>")]
        [Description("Only this part; may be given several times.")]
        public string[] Part { get; init; } = [];

        [CommandOption("--seeds <N>")]
        [Description("How many seeds, from --seed on, which is 1 where left out.")]
        public int Seeds { get; init; } = 3;
    }

    protected override int Execute(Settings settings, Session session)
    {
        if (settings.Name is not { } name)
        {
            Table list = new Table().Border(TableBorder.Simple).AddColumns("name", "what it shows", "parts");
            foreach (Reproduction each in Reproduction.All)
                list.AddRow(each.Name, Markup.Escape(each.Title), string.Join(", ", each.Parts.Select(p => p.Name)));
            session.Terminal.Show(list);
            session.Terminal.Result(Reproduction.All.Select(r => new { r.Name, r.Title, r.Paper, Parts = r.Parts.Select(p => p.Name) }));
            return Done;
        }

        OptionsException.Require(settings.Seeds >= 1, "seeds", settings.Seeds, "must be at least 1");
        Reproduction reproduction = Reproduction.Find(name);
        foreach (string part in settings.Part.Where(p => reproduction.Parts.All(q => q.Name != p)))
            throw new NotFoundException("part", part, reproduction.Parts.Select(p => p.Name));
        var manifest = new RunManifest { Name = name, Kind = "reproduce", CommandLine = CommandLine.Text, Machine = MachineInfo.Current(), Device = session.Device.ToString() };
        using Run run = settings.Out is { } folder ? Espalier.Runs.Store.Run.CreateAt(folder, manifest) : Espalier.Runs.Store.Run.Create("runs", name, manifest);
        var context = new ReproductionContext(settings.Seeds, session.Device, text => session.Terminal.Line($"          {text}"), session.Stop) { FirstSeed = settings.Seed ?? 1 };
        var parts = new List<ReproductionPart>();
        foreach ((string part, Func<ReproductionContext, ReproductionPart> work) in reproduction.Parts.Where(p => settings.Part.Length == 0 || settings.Part.Contains(p.Name)))
        {
            long start = Stopwatch.GetTimestamp();
            try
            {
                ReproductionPart found = work(context);
                parts.Add(found);
                Show(session, found);
                foreach ((string key, double value) in found.Numbers)
                    run.Summary.Set($"{part}.{key}", value);
            }
            catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
            {
                session.Terminal.Line("interrupted");
                return NotDone;
            }
            catch (DataException error) when (settings.Part.Length == 0)
            {
                // A part whose data is not here does not keep the others from being run, unless it was asked for.
                session.Terminal.Line($"{part}: skipped: {error.Message}");
                continue;
            }

            run.Summary.Set($"{part}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
            run.Summary.Save();
            for (int i = 0; i < parts[^1].Charts.Count; i++)
                AtomicFile.Replace(Path.Combine(run.Folder, "charts", $"{part}-{i + 1}.svg"), StandaloneSvg.Of(parts[^1].Charts[i].Svg));
            ReproductionReport.Write(run, reproduction, parts);
        }

        run.Finish(RunStatus.Completed);
        session.Terminal.Result(parts);
        session.Terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{parts.Sum(p => p.Claims.Count(c => c.Holds == true))} of {parts.Sum(p => p.Claims.Count(c => c.Holds is not null))} claims hold"));
        session.Terminal.Line($"report    {Path.GetRelativePath(Environment.CurrentDirectory, run.ReportPath)}");
        return Done;
    }

    private static void Show(Session session, ReproductionPart part)
    {
        Table table = new Table().Border(TableBorder.Simple).Title(Markup.Escape(part.Name)).AddColumns("what", "published", "measured", "");
        foreach (Claim claim in part.Claims)
            table.AddRow(Markup.Escape(claim.What), Markup.Escape(claim.Published), Markup.Escape(claim.Measured), claim.Holds switch { true => "[green]holds[/]", false => "[red]does not[/]", null => "" });
        session.Terminal.Show(table);
    }
}
