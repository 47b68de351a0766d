namespace Espalier.Recipes.Stages;

/// <summary>What scores how unusual an input is.</summary>
public enum DetectorKind
{
    /// <summary>The negated maximum softmax probability (Hendrycks &amp; Gimpel 2017).</summary>
    MaximumSoftmaxProbability,

    /// <summary>The negated maximum logit.</summary>
    MaximumLogit,

    /// <summary>The free energy of the logits (Liu et al. 2020).</summary>
    Energy,
}
