namespace Espalier.Data;

/// <summary>What a data set's inputs are.</summary>
public enum DatasetTask
{
    /// <summary>Images [channels, height, width], one class each.</summary>
    ImageClassification,

    /// <summary>Rows of features [features], one class each.</summary>
    TabularClassification,

    /// <summary>Documents, one class each; tokenised when loaded for a model.</summary>
    TextClassification,

    /// <summary>Running text without classes; tokenised when loaded for a model.</summary>
    LanguageModelling,
}
