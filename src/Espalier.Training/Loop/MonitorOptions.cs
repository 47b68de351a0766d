using Espalier.Errors;

namespace Espalier.Training.Loop;

/// <summary>Which validation number decides what is best, and when to stop.</summary>
public sealed record MonitorOptions
{
    /// <summary>Its name, such as <c>loss</c>, <c>accuracy</c> or <c>ema.loss</c>.</summary>
    public string Metric { get; init; } = "loss";

    /// <summary>Whether more is better; else less is.</summary>
    public bool Maximize { get; init; }

    /// <summary>Stop when it has not improved for this long; never where null.</summary>
    public Duration? Patience { get; init; }

    /// <summary>At the end, go back to the best weights.</summary>
    public bool RestoreBest { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(!string.IsNullOrWhiteSpace(Metric), nameof(Metric), Metric, "names a validation number, such as \"loss\"");
        OptionsException.Require(Patience is null or { Amount: > 0 }, nameof(Patience), Patience, "must be above 0");
    }
}
