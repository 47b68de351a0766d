using Espalier.Errors;

namespace Espalier.Distributed;

/// <summary>How a job of several processes treats its user when something goes wrong.</summary>
public sealed record MpiOptions
{
    /// <summary>How to go on when a rank dies: the end of the one line that the user then sees.</summary>
    public string Remedy { get; init; } = "start the job again; a run that has a checkpoint goes on with espalier run --resume";

    /// <summary>How long a rank that was told to end (SIGTERM, Ctrl+C) waits for ranks that do not come before it ends the job; more than 0.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(!string.IsNullOrWhiteSpace(Remedy) && !Remedy.Contains('\n', StringComparison.Ordinal), nameof(Remedy), Remedy, "must be one line of text");
        OptionsException.Require(Grace > TimeSpan.Zero && Grace < TimeSpan.FromDays(1), nameof(Grace), Grace, "must be more than 0 and less than a day");
    }
}
