namespace Espalier.Language.Generation;

/// <summary>A written text.</summary>
/// <param name="Text">What follows the prompt.</param>
/// <param name="Tokens">Its tokens, a stop token left out.</param>
/// <param name="Stopped">Whether a stop token or text ended it; else its length did.</param>
public sealed record GeneratedText(string Text, IReadOnlyList<int> Tokens, bool Stopped);
