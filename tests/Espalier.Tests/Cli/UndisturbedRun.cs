using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

/// <summary>The run that was never disturbed, which every disturbed one must end as.</summary>
public sealed class UndisturbedRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public UndisturbedRun() => Assert.Equal(0, EspalierProcess.Run(_folder.Path, Arguments(_folder, "undisturbed")).ExitCode);

    public string Folder => _folder.File("undisturbed");

    public void Dispose() => _folder.Dispose();

    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>More than a thousand small steps: long enough to be caught in the middle, dropout and an EMA included.</summary>
    internal static string[] Arguments(TemporaryFolder folder, string name) =>
        ["run", folder.Write("tiny.json", TinyRecipe.Digits), "--out", name, "--threads", "1", "--set", "train.length=160 epochs", "--set", "attack=null", "--set", "explain=null"];
}
