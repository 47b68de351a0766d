using Espalier.Data.Catalog;

namespace Espalier.Data.Text;

/// <summary>A text loaded and cut, not yet tokenised.</summary>
/// <param name="Info">What the catalogue knows about it.</param>
/// <param name="Train">What is learned from; tokenizers as well see nothing else.</param>
/// <param name="Validation">For early stopping and choices.</param>
/// <param name="Test">For the final numbers; where a text has the usual split in two, the same as <paramref name="Validation"/>.</param>
/// <param name="ClassNames">One name per class; empty without classes.</param>
/// <param name="Checksums">SHA-256 of each file really read.</param>
public sealed record LoadedText(
    DatasetInfo Info, TextDocuments Train, TextDocuments Validation, TextDocuments Test,
    IReadOnlyList<string> ClassNames, IReadOnlyDictionary<string, string> Checksums);
