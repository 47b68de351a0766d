using Espalier.Errors;

namespace Espalier.Language.FineTuning;

/// <summary>The protocol of fine-tuning: a small grid chosen on validation data, and the median over seeds (Devlin et al. 2019; Liu et al. 2021, Table 9).</summary>
public sealed record FineTuningOptions
{
    /// <summary>How many seeds, from 1 on; at least 1.</summary>
    public int Seeds { get; init; } = 5;

    /// <summary>The learning rates to choose from; the training's own where empty. Each above 0.</summary>
    public IReadOnlyList<double> LearningRates { get; init; } = [];

    /// <summary>The batch sizes to choose from; the training's own where empty. Each at least 1; no scaling rule is applied.</summary>
    public IReadOnlyList<int> BatchSizes { get; init; } = [];

    /// <summary>The validation number that decides, such as <c>accuracy</c>.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>Whether more of it is better.</summary>
    public bool Maximize { get; init; } = true;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(Seeds >= 1, nameof(Seeds), Seeds, "must be at least 1");
        OptionsException.Require(LearningRates.All(r => r > 0 && double.IsFinite(r)), nameof(LearningRates), string.Join(", ", LearningRates), "must be above 0");
        OptionsException.Require(BatchSizes.All(b => b >= 1), nameof(BatchSizes), string.Join(", ", BatchSizes), "must be at least 1");
        OptionsException.Require(!string.IsNullOrWhiteSpace(Metric), nameof(Metric), Metric, "names a validation number, such as \"accuracy\"");
    }
}
