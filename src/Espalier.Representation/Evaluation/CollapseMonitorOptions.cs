using Espalier.Errors;

namespace Espalier.Representation.Evaluation;

/// <summary>When <see cref="CollapseMonitor"/> speaks of collapse.</summary>
public sealed record CollapseMonitorOptions
{
    /// <summary>Features whose spread is below this count as collapsed; in [0, 1]. About 1 is healthy.</summary>
    public double CollapsedBelow { get; init; } = 0.1;

    /// <summary>Checks the values.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate() => OptionsException.Require(CollapsedBelow is >= 0 and <= 1, nameof(CollapsedBelow), CollapsedBelow, "must be in 0..1");
}
