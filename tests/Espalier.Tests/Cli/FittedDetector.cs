using Espalier.Tests.Anomaly;
using Espalier.Tests.Data;

namespace Espalier.Tests.Cli;

/// <summary>A detector of rows that several tests watch with, fitted by the command.</summary>
public sealed class FittedDetector : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FittedDetector()
    {
        CommandResult fit = EspalierProcess.Run(_folder.Path, "detectors", "fit-rows", TabularFitTests.Table(_folder), "--label", "kind", "--normal", "ok", "--detector", "ecod", "--fpr", "0.05", "--out", Path, "--quiet");
        Assert.Equal((0, "", ""), (fit.ExitCode, fit.Output, fit.Error));
    }

    public string Path => _folder.File("d.zip");

    public void Dispose() => _folder.Dispose();
}
