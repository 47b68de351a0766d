using Espalier.Errors;

namespace Espalier.Data.Text;

/// <summary>Some documents in order, perhaps of a class each.</summary>
public sealed record TextDocuments
{
    /// <summary>Takes documents.</summary>
    /// <param name="name">What they are, for messages.</param>
    /// <param name="documents">The texts, at least one.</param>
    /// <param name="labels">One class each, from 0; null where there are none.</param>
    /// <exception cref="DataException">There are no documents, or another number of labels.</exception>
    public TextDocuments(string name, IReadOnlyList<string> documents, IReadOnlyList<int>? labels = null)
    {
        if (documents.Count == 0)
            throw new DataException(name, "has no text", "give at least one document");
        if (labels is not null && labels.Count != documents.Count)
            throw new DataException(name, $"has {documents.Count} documents and {labels.Count} labels", "give one label per document");
        (Name, Documents, Labels) = (name, documents, labels);
    }

    /// <summary>What they are, for messages.</summary>
    public string Name { get; }

    /// <summary>The texts.</summary>
    public IReadOnlyList<string> Documents { get; }

    /// <summary>One class each, from 0; null where there are none.</summary>
    public IReadOnlyList<int>? Labels { get; }

    /// <summary>Some of them, in the order wanted.</summary>
    /// <param name="name">What these are.</param>
    /// <param name="indices">Which.</param>
    public TextDocuments Subset(string name, IReadOnlyList<int> indices)
        => new(name, [.. indices.Select(i => Documents[i])], Labels is { } labels ? [.. indices.Select(i => labels[i])] : null);
}
