namespace Espalier.Robustness.Attacks;

/// <summary>What an attack must be able to ask of a model; each level includes those before it.</summary>
public enum Access
{
    /// <summary>The predicted label: <see cref="Models.IClassifier"/>.</summary>
    Labels,

    /// <summary>Probabilities: <see cref="Models.IScoringClassifier"/>.</summary>
    Scores,

    /// <summary>Gradients with respect to the inputs: <see cref="Models.IDifferentiableClassifier"/>.</summary>
    Gradients,
}
