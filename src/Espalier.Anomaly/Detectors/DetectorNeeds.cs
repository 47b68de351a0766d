namespace Espalier.Anomaly.Detectors;

/// <summary>What a score rule needs beside the class probabilities, which every scoring classifier gives.</summary>
[Flags]
public enum DetectorNeeds
{
    /// <summary>Probabilities alone: every scoring classifier serves, an ONNX file with a softmax at its end too.</summary>
    None = 0,

    /// <summary>Logits: a constant added to all of them changes the score, so probabilities do not tell enough.</summary>
    Logits = 1,

    /// <summary>Features: what the last layer sees.</summary>
    Features = 2,

    /// <summary>Weights and biases of the last layer.</summary>
    Head = 4,

    /// <summary>In-distribution samples to be fitted on.</summary>
    Fit = 8,

    /// <summary>The labels of these samples.</summary>
    Labels = 16,

    /// <summary>Gradients with respect to the inputs.</summary>
    Gradients = 32,
}
