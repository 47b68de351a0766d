using Espalier.Errors;

namespace Espalier.Language.Objectives;

/// <summary>How a classifier of text is trained.</summary>
public sealed record TextClassificationOptions
{
    /// <summary>The share of the target that is spread over all classes, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The probability that a training token becomes <c>[UNK]</c>, each for itself, in [0, 1).</summary>
    public double WordDropout { get; init; }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(LabelSmoothing is >= 0 and < 1, nameof(LabelSmoothing), LabelSmoothing, "must lie in [0, 1)");
        OptionsException.Require(WordDropout is >= 0 and < 1, nameof(WordDropout), WordDropout, "must lie in [0, 1)");
    }
}
