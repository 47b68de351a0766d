namespace Espalier.Cli.Commands;

/// <summary>What <c>espalier doctor</c> found out about one thing.</summary>
/// <param name="What">The thing.</param>
/// <param name="Works">Whether it works.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">How to mend it; null where nothing is amiss, or it is merely absent.</param>
internal sealed record Finding(string What, bool Works, string Detail, string? Remedy = null);
