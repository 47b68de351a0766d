namespace Espalier.Models;

/// <summary>
/// A scoring classifier that may know the probabilities of its likeliest classes only. What is left of the probability is shared
/// evenly among the others, none of which gets more than the least that is known: the label is exact, a margin is so while both of
/// its classes are known, and is an estimate from then on.
/// </summary>
public interface IPartialScores : IScoringClassifier
{
    /// <summary>How many classes the scarcest answer so far named; null where all answers named all classes, or there was none yet.</summary>
    int? KnownClasses { get; }
}
