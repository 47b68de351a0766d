using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Outliers;
using Espalier.Errors;

namespace Espalier.Recipes.Detection;

/// <summary>Which detectors are compared, and on which outliers.</summary>
public sealed record DetectorComparisonOptions
{
    /// <summary>The detectors; all that suit the model where null.</summary>
    public IReadOnlyList<string>? Detectors { get; init; }

    /// <summary>Outliers that are like the task: data sets, folders, tables, generators.</summary>
    public IReadOnlyList<string> Near { get; init; } = [];

    /// <summary>Outliers that are unlike it; the generators that fit the data where neither these nor <see cref="Near"/> are given.</summary>
    public IReadOnlyList<string> Far { get; init; } = [];

    /// <summary>Generators that the recommendation rests on; the paper's validation distributions that fit the data where null.</summary>
    public IReadOnlyList<string>? Validation { get; init; }

    /// <summary>Detectors are fitted on the first so many training samples; on all where null.</summary>
    public int? Fit { get; init; }

    /// <summary>The layer whose features are used; the last linear one where null.</summary>
    public string? Layer { get; init; }

    /// <summary>At most so many test samples; all where null.</summary>
    public int? Samples { get; init; }

    /// <summary>Outliers of each set, at most; twice as many as a draw takes where null.</summary>
    public int? Count { get; init; }

    /// <summary>Base rate, draws and recall level.</summary>
    public DetectionProtocolOptions Protocol { get; init; } = new();

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    /// <exception cref="NotFoundException">There is no detector or set of a name.</exception>
    public void Validate()
    {
        OptionsException.Require(Fit is null or >= 1, nameof(Fit), Fit, "must be at least 1");
        OptionsException.Require(Samples is null or >= 1, nameof(Samples), Samples, "must be at least 1");
        OptionsException.Require(Count is null or >= 1, nameof(Count), Count, "must be at least 1");
        foreach (string name in Validation ?? [])
            OptionsException.Require(OutlierSource.UseOf(name) == OutlierUse.Validation, nameof(Validation), name, $"must be a distribution for choosing: {string.Join(", ", OutlierGenerator.NamesFor(OutlierUse.Validation))}");
        foreach (string name in Near.Concat(Far))
            OptionsException.Require(OutlierSource.UseOf(name) == OutlierUse.Test, "far", name, "is a distribution to choose detectors by, not to report on");
        new OodBenchmarkOptions { Detectors = Detectors, Protocol = Protocol }.Validate();
    }
}
