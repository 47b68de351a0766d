namespace Espalier.Data;

/// <summary>What a data set's inputs are.</summary>
public enum DatasetTask
{
    /// <summary>Images [channels, height, width], one class each.</summary>
    ImageClassification,

    /// <summary>Rows of features [features], one class each.</summary>
    TabularClassification,
}
