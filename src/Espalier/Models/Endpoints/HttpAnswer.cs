namespace Espalier.Models.Endpoints;

/// <summary>What an endpoint answers for an input.</summary>
public enum HttpAnswer
{
    /// <summary>One probability per class, of sum one.</summary>
    Probabilities,

    /// <summary>One logit per class.</summary>
    Logits,

    /// <summary>One label: its number, or its name where <see cref="HttpClassifierOptions.ClassNames"/> are given.</summary>
    Labels,

    /// <summary>The likeliest classes, each with its probability: objects of a label and a number. The others share what is left (<see cref="IPartialScores"/>).</summary>
    TopProbabilities,
}
