namespace Espalier.Data.Sources;

/// <summary>Where a tab-separated file without quotes has text and class.</summary>
/// <param name="Text">The column with the text, from 0.</param>
/// <param name="Label">The column with the class.</param>
/// <param name="HasHeader">Whether the first line is a header.</param>
/// <param name="Classes">The classes as the file writes them, in order.</param>
internal sealed record LabelledColumns(int Text, int Label, bool HasHeader, IReadOnlyList<string> Classes);
