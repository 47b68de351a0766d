using Espalier.Tests.Cli;
using Espalier.Tests.Data;

namespace Espalier.Tests.Distributed;

/// <summary>A hundred steps in one process: what several processes must come to as well.</summary>
public sealed class LonelyRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public LonelyRun() => Assert.Equal(0, EspalierProcess.Run(_folder.Path, Arguments(Folder)).ExitCode);

    public string Folder => _folder.File("alone");

    public void Dispose() => _folder.Dispose();

    internal static string[] Arguments(string folder) =>
    [
        "run", "digits", "--threads", "1", "--out", folder, "--set", "train.length=\"100 steps\"", "--set", "train.checkpointEvery=\"40 steps\"",
        "--micro-batch-size", "16", "--set", "attack=null", "--set", "detect=null", "--set", "explain=null",
        "--set", "model.gmlp.layers=2", "--set", "model.gmlp.dModel=24", "--set", "model.gmlp.dFfn=48",
    ];
}
