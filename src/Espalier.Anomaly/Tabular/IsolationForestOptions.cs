using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Options of <see cref="IsolationForest"/>; the defaults are Liu, Ting and Zhou 2008.</summary>
public sealed record IsolationForestOptions
{
    /// <summary>Trees, at least 1.</summary>
    public int Trees { get; init; } = 100;

    /// <summary>Rows that a tree is grown on (ψ), in 2..65536; all rows where there are fewer.</summary>
    public int SampleSize { get; init; } = 256;

    /// <summary>
    /// Whether a split is a random direction instead of a random column (Hariri, Carrasco Kind and Brunner 2019), with its place
    /// drawn between the outermost projections so that no branch is empty (Lesouple et al. 2021). Columns are then brought to
    /// standard units.
    /// </summary>
    public bool Oblique { get; init; }

    /// <summary>The trees are a function of this seed and the rows.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Trees >= 1, nameof(Trees), Trees, "must be at least 1");
        OptionsException.Require(SampleSize is >= 2 and <= 65536, nameof(SampleSize), SampleSize, "must be in 2..65536");
    }
}
