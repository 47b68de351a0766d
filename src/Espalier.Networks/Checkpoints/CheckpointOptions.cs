using Espalier.Errors;

namespace Espalier.Networks.Checkpoints;

/// <summary>How a file of weights is loaded into a network.</summary>
public sealed record CheckpointOptions
{
    /// <summary>Whether one tensor that is missing, unexpected or of another shape refuses the whole file; otherwise what fits is loaded.</summary>
    public bool Strict { get; init; } = true;

    /// <summary>The network's number of classes, where the file's may differ: the head then keeps its fresh weights, and the report says so.</summary>
    public int? NumClasses { get; init; }

    /// <summary>Whether a stem for colour images may be summed over its channels for a network that takes grey ones, as timm does.</summary>
    public bool GrayscaleStem { get; init; }

    /// <summary>Whether to take averaged weights that lie under <c>ema.</c>; where null, if there are any.</summary>
    public bool? Averaged { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() =>
        OptionsException.Require(NumClasses is null or >= 2, nameof(NumClasses), NumClasses, "must be at least 2");
}
