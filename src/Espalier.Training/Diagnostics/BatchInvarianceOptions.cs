using Espalier.Errors;

namespace Espalier.Training.Diagnostics;

/// <summary>How <see cref="BatchInvariance"/> measures.</summary>
public sealed record BatchInvarianceOptions
{
    /// <summary>Samples that each training sees, at least 1; fewer where the training is shorter.</summary>
    public long Samples { get; init; } = 40_960;

    /// <summary>At most so many sets of weights of the base training are kept, at least 1; fewer of a large model.</summary>
    public int MostSnapshots { get; init; } = 64;

    /// <summary>Memory for them, in bytes; at least two are kept whatever it is.</summary>
    public long MostMemory { get; init; } = 1L << 30;

    /// <summary>The seed of the other data order; derived from the training's where null.</summary>
    public int? OtherOrder { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Samples >= 1, nameof(Samples), Samples, "must be at least 1");
        OptionsException.Require(MostSnapshots >= 1, nameof(MostSnapshots), MostSnapshots, "must be at least 1");
        OptionsException.Require(MostMemory > 0, nameof(MostMemory), MostMemory, "must be above 0");
    }
}
