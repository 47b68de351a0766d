namespace Espalier.Onnx.Classification;

/// <summary>What a classifier's output holds.</summary>
public enum OnnxOutputKind
{
    /// <summary>Scores whose softmax is the probabilities.</summary>
    Logits,

    /// <summary>Probabilities: at least zero, with sum one.</summary>
    Probabilities,
}
