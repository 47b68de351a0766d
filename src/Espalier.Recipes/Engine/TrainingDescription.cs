namespace Espalier.Recipes.Engine;

/// <summary>What the report says of a training.</summary>
public sealed record TrainingDescription
{
    /// <summary>The network's name. Default: that of the recipe's section <c>model</c>.</summary>
    public string? Network { get; init; }

    /// <summary>What the loss is, with its unit. Default: <c>loss</c>.</summary>
    public string LossLabel { get; init; } = "loss";

    /// <summary>A sentence below the curve of the loss. Default: none.</summary>
    public string? LossNote { get; init; }

    /// <summary>Whether the loss is never negative, so that its axis begins at 0. Default: no.</summary>
    public bool IsLossBounded { get; init; }

    /// <summary>What the accuracy in training is that of. Default: <c>training (smoothed)</c>.</summary>
    public string AccuracyLabel { get; init; } = "training (smoothed)";

    /// <summary>A sentence below the curve of the accuracy. Default: none.</summary>
    public string? AccuracyNote { get; init; }

    /// <summary>Samples of the test split; 0 where there is none.</summary>
    public long TestSamples { get; init; }

    /// <summary>What to warn of, from the numbers of the last evaluation; null for nothing. Default: never.</summary>
    public Func<IReadOnlyDictionary<string, double>, string?> Warning { get; init; } = _ => null;
}
