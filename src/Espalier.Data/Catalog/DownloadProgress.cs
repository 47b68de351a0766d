namespace Espalier.Data.Catalog;

/// <summary>How far a download is.</summary>
/// <param name="File">The file's name.</param>
/// <param name="Received">Bytes on disk, those of earlier attempts included.</param>
/// <param name="Total">Bytes in all, where the server says so.</param>
public sealed record DownloadProgress(string File, long Received, long? Total);
