using System.Diagnostics;
using Espalier.Cli;
using Espalier.Tests.Concurrency;

namespace Espalier.Tests.Cli;

[Collection(Alone.Name)]
public sealed class StartTimeTests
{
    [Fact]
    public void The_page_answers_at_once()
    {
        string folder = Path.GetTempPath();
        string command = EspalierProcess.Command;
        long best = long.MaxValue;
        for (int i = 0; i < 8 && best >= 200; i++)
        {
            // Other programs may hold the processors: the quickest of several is the program's own time.
            Stopwatch clock = Stopwatch.StartNew();
            CommandResult page = EspalierProcess.Run(folder, "--help");
            best = Math.Min(best, clock.ElapsedMilliseconds);
            Assert.Equal(FrontPage.Text, page.Output);
        }

        Assert.True(best < 200, $"{command} --help takes {best} ms");
    }
}
