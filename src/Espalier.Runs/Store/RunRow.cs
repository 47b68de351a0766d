namespace Espalier.Runs.Store;

/// <summary>A run as the index knows it.</summary>
/// <param name="Folder">Its folder, as a full path.</param>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What kind of run.</param>
/// <param name="Status">How it stands.</param>
/// <param name="CreatedUtc">When it began, UTC.</param>
/// <param name="Summary">The numbers it comes down to; those without a finite value are left out.</param>
public sealed record RunRow(string Folder, string Name, string Kind, RunStatus Status, DateTime CreatedUtc, IReadOnlyDictionary<string, double> Summary);
