using System.ComponentModel;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>The options that every command takes and that mean the same everywhere.</summary>
internal class GlobalSettings : CommandSettings
{
    [CommandOption("--json")]
    [Description("Print the result as JSON on standard output; everything else goes to standard error.")]
    public bool Json { get; init; }

    [CommandOption("-q|--quiet")]
    [Description("Print nothing but errors (and, with --json, the result).")]
    public bool Quiet { get; init; }

    [CommandOption("--verbose")]
    [Description("After an error's one line, its stack trace.")]
    public bool Verbose { get; init; }

    [CommandOption("--seed <N>")]
    [Description("The seed that everything random derives from.")]
    public int? Seed { get; init; }

    [CommandOption("--threads <N>")]
    [Description("Threads of a tensor operation; all cores where left out.")]
    public int? Threads { get; init; }

    [CommandOption("--device <DEVICE>")]
    [Description("Where tensors live: cpu (default), cuda, cuda:1.")]
    public string Device { get; init; } = "cpu";

    [CommandOption("--out <DIR>")]
    [Description("The folder of the run; runs/<name>-<time> where left out.")]
    public string? Out { get; init; }
}
