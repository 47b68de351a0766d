using System.Text.Json.Nodes;

namespace Espalier.Runs.Store;

/// <summary>What <c>run.json</c> says: everything needed to know what a run was, and to run it again.</summary>
public sealed record RunManifest
{
    /// <summary>The run's name, such as the recipe's.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of run: <c>run</c>, <c>attack</c>, <c>detect</c>, ...</summary>
    public required string Kind { get; init; }

    /// <summary>The command line, where there was one.</summary>
    public string? CommandLine { get; init; }

    /// <summary>The options, resolved: defaults included.</summary>
    public JsonNode? Options { get; init; }

    /// <summary>The seed.</summary>
    public int Seed { get; init; }

    /// <summary>When it began, UTC.</summary>
    public DateTime CreatedUtc { get; init; } = DateTime.UtcNow;

    /// <summary>When it ended, UTC; null while it runs.</summary>
    public DateTime? FinishedUtc { get; init; }

    /// <summary>How it stands.</summary>
    public RunStatus Status { get; init; }

    /// <summary>What ended it, where it failed.</summary>
    public string? Error { get; init; }

    /// <summary>What it ran on.</summary>
    public MachineInfo? Machine { get; init; }

    /// <summary>The device, such as <c>cpu</c> or <c>cuda:0</c>.</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>SHA-256 of each data file really read.</summary>
    public IReadOnlyDictionary<string, string> DataChecksums { get; init; } = new Dictionary<string, string>();

    /// <summary>The run it works on, such as the one whose model is attacked.</summary>
    public string? SourceRun { get; init; }
}
