namespace Espalier.Networks.Text;

/// <summary>The tokens that a network itself must know.</summary>
/// <param name="Pad">Padding; null is none.</param>
/// <param name="Separator">What ends a segment; null is none.</param>
public sealed record TextTokens(long? Pad = null, long? Separator = null);
