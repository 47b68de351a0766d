using System.Diagnostics;
using Espalier.Tests.Architecture;

namespace Espalier.Tests.Cli;

/// <summary>The built command, started as a user starts it.</summary>
internal static class EspalierProcess
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    /// <summary>The program; tests are skipped where it was not built.</summary>
    public static string Command
    {
        get
        {
            // tests/Espalier.Tests/bin/<configuration>/<framework>/<runtime>/
            string[] parts = Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory).Split(Path.DirectorySeparatorChar);
            string path = Path.Combine([SourceTree.Root, "src", "Espalier.Cli", "bin", .. parts[^3..], OperatingSystem.IsWindows() ? "espalier.exe" : "espalier"]);
            Assert.SkipUnless(File.Exists(path), "the command was not built");
            return path;
        }
    }

    public static Process Start(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        return Process.Start(start)!;
    }

    /// <summary>Runs to the end.</summary>
    public static CommandResult Run(string folder, params string[] arguments)
    {
        using Process process = Start(folder, arguments);
        return End(process);
    }

    /// <summary>Runs to the end with other environment variables.</summary>
    public static CommandResult Run(string folder, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = new ProcessStartInfo(Command, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        return End(process);
    }

    /// <summary>Waits for the end of a process and collects what it said.</summary>
    public static CommandResult End(Process process)
    {
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(Limit))
        {
            process.Kill();
            Assert.Fail($"the command was not done after {Limit}");
        }

        return new CommandResult(process.ExitCode, output.Result, error.Result);
    }
}
