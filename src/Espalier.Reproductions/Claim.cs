namespace Espalier.Reproductions;

/// <summary>One number of a paper or specification beside ours.</summary>
/// <param name="What">What is measured.</param>
/// <param name="Published">The published number or range, as text.</param>
/// <param name="Measured">Ours, as text.</param>
/// <param name="Holds">Whether ours agrees; null where the published number is orientation only.</param>
public sealed record Claim(string What, string Published, string Measured, bool? Holds = null);
