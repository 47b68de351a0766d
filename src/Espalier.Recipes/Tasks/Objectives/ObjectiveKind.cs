namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What a recipe's training learns.</summary>
public enum ObjectiveKind
{
    /// <summary>The labels, by cross-entropy.</summary>
    Classification,

    /// <summary>The labels, and how sure of them the model may be (DeVries and Taylor 2018): a confidence that a network's extra output tells.</summary>
    Confidence,

    /// <summary>How likely an image is, by a density without classes.</summary>
    Density,

    /// <summary>A representation without labels, by BYOL.</summary>
    Byol,

    /// <summary>A representation without labels, by SimCLR.</summary>
    SimClr,

    /// <summary>A representation without labels, by DINO.</summary>
    Dino,

    /// <summary>The labels of a few samples, and a teacher's for the rest.</summary>
    PseudoLabels,

    /// <summary>The labels, of inputs that are changed to mislead the model most: PGD training or TRADES.</summary>
    Adversarial,

    /// <summary>The hidden tokens of a text.</summary>
    MaskedLanguageModel,

    /// <summary>The next token of a text.</summary>
    CausalLanguageModel,
}
