using Espalier.Cli.Output;
using Espalier.Data.Catalog;
using Spectre.Console;

namespace Espalier.Cli.Commands;

/// <summary><c>espalier data fetch</c>: downloads a data set, verified, continuing where it was cut off.</summary>
internal sealed class DataFetchCommand : EspalierCommand<DataSettings>
{
    protected override int Execute(DataSettings settings, Session session)
    {
        DatasetInfo info = DataCatalog.Default.Find(settings.Name);
        if (DataCatalog.Default.IsAvailable(info, out string _))
        {
            session.Terminal.Line($"{info.Name} is here already");
            session.Terminal.Result(new { info.Name, Downloaded = false });
            return Done;
        }

        using var client = new HttpClient();
        var downloader = new DatasetDownloader(client);
        try
        {
            Download(info, downloader, session.Terminal, session.Stop);
        }
        catch (OperationCanceledException) when (session.Stop.IsCancellationRequested)
        {
            session.Terminal.Line("interrupted; the same command continues");
            return NotDone;
        }

        session.Terminal.Line($"{info.Name} is here");
        session.Terminal.Result(new { info.Name, Downloaded = true });
        return Done;
    }

    private static void Download(DatasetInfo info, DatasetDownloader downloader, Terminal terminal, CancellationToken stop)
    {
        if (!terminal.Interactive)
        {
            DataCatalog.Default.DownloadAsync(info, downloader, null, stop).GetAwaiter().GetResult();
            return;
        }

        terminal.Console.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new DownloadedColumn(), new TransferSpeedColumn(), new RemainingTimeColumn())
            .Start(context => DataCatalog.Default.DownloadAsync(info, downloader, new Bars(context), stop).GetAwaiter().GetResult());
    }

    private sealed class Bars(ProgressContext context) : IProgress<DownloadProgress>
    {
        private readonly Dictionary<string, ProgressTask> _bars = [];

        public void Report(DownloadProgress value)
        {
            if (!_bars.TryGetValue(value.File, out ProgressTask? bar))
                _bars[value.File] = bar = context.AddTask(Markup.Escape(value.File));
            bar.MaxValue = value.Total ?? Math.Max(1, value.Received);
            bar.Value = value.Received;
        }
    }
}
