namespace Espalier.Anomaly.Watching;

/// <summary>How far a table that may grow is read.</summary>
/// <param name="Offset">Bytes that are dealt with, from the start of the file.</param>
/// <param name="Line">The line that comes next, from 1.</param>
/// <param name="Check">A hash of the header and of the bytes before <paramref name="Offset"/>: a file that was replaced has another.</param>
internal sealed record TablePosition(long Offset, long Line, string Check);
