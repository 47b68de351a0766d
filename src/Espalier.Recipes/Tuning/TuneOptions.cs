using Espalier.Errors;

namespace Espalier.Recipes.Tuning;

/// <summary>How <c>espalier tune</c> searches the recipe's own options, judged on the validation split alone.</summary>
public sealed record TuneOptions
{
    /// <summary>The options to search, by their path, such as <c>train.optimizer.learningRate</c>.</summary>
    public IReadOnlyDictionary<string, TuneRange> Space { get; init; } = new Dictionary<string, TuneRange>();

    /// <summary>The method.</summary>
    public TuneMethod Method { get; init; }

    /// <summary>How many settings are tried, at least 1; of successive halving in the first round.</summary>
    public int Trials { get; init; } = 20;

    /// <summary>The number of the validation split that decides, as the objective reports it, such as <c>accuracy</c>, <c>ema.accuracy</c> or <c>loss</c>.</summary>
    public string Metric { get; init; } = "accuracy";

    /// <summary>Whether a greater metric is better.</summary>
    public bool Maximize { get; init; } = true;

    /// <summary>For successive halving: one of so many goes on, and is trained so many times as long; at least 2.</summary>
    public int Reduction { get; init; } = 3;

    /// <summary>For NSGA-II: settings that live at a time, at least 2.</summary>
    public int Population { get; init; } = 8;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        foreach ((string path, TuneRange range) in Space)
            OptionsException.Within($"space.{path}", range.Validate);
        OptionsException.Require(Trials >= 1, nameof(Trials), Trials, "must be at least 1");
        OptionsException.Require(Metric.Length > 0, nameof(Metric), Metric, "must not be empty");
        OptionsException.Require(Reduction >= 2, nameof(Reduction), Reduction, "must be at least 2");
        OptionsException.Require(Population >= 2, nameof(Population), Population, "must be at least 2");
    }
}
