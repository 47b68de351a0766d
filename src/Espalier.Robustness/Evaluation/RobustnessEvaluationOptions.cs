using Espalier.Errors;

namespace Espalier.Robustness.Evaluation;

/// <summary>Options of <see cref="RobustnessEvaluation"/>.</summary>
public sealed record RobustnessEvaluationOptions
{
    /// <summary>
    /// Parts of the data attacked at the same time, each with one thread of tensor operations. 1 leaves the threads to the
    /// operations, which suits large models; outcomes are the same.
    /// </summary>
    public int Workers { get; init; } = 1;

    /// <summary>The most inputs that may be sent through the model in all; null is any number.</summary>
    public long? MaxQueries { get; init; }

    /// <summary>How long it may take; what is not reached by then stays undecided. Null is any time.</summary>
    public TimeSpan? TimeBudget { get; init; }

    /// <summary>A folder that each finished batch is kept in, so that a killed evaluation goes on; null keeps nothing.</summary>
    public string? Checkpoint { get; init; }

    /// <summary>
    /// Whether adversarial inputs are rounded to k/255 toward the clean input and judged again, so that they fool the model
    /// from a file of pixels too.
    /// </summary>
    public bool EightBit { get; init; }

    /// <summary>Passes over a model that answers at random, most of which must be fooled for a success to count.</summary>
    public int MajorityPasses { get; init; } = 10;

    /// <summary>Checks the options.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Workers >= 1, nameof(Workers), Workers, "must be at least 1");
        OptionsException.Require(MaxQueries is null or >= 1, nameof(MaxQueries), MaxQueries, "must be at least 1");
        OptionsException.Require(TimeBudget is null || TimeBudget > TimeSpan.Zero, nameof(TimeBudget), TimeBudget, "must be above zero");
        OptionsException.Require(MajorityPasses >= 1, nameof(MajorityPasses), MajorityPasses, "must be at least 1");
    }
}
