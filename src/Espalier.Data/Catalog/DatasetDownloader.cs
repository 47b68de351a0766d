using System.Net;
using System.Net.Http.Headers;
using Espalier.Errors;

namespace Espalier.Data.Catalog;

/// <summary>
/// Fetches a data set's files: an interrupted transfer is resumed where it stopped, now or at the next call, the
/// checksum is verified before the file gets its name, and a wrong file is never left behind.
/// </summary>
public sealed class DatasetDownloader
{
    private readonly HttpClient _client;
    private readonly TimeSpan _pause;

    /// <summary>Creates a downloader.</summary>
    /// <param name="client">The client to use; stays the caller's.</param>
    /// <param name="attempts">How often an interrupted transfer is taken up again before giving up, at least 1.</param>
    /// <param name="pause">How long to wait before the next attempt; one second where null.</param>
    public DatasetDownloader(HttpClient client, int attempts = 4, TimeSpan? pause = null)
    {
        OptionsException.Require(attempts >= 1, nameof(attempts), attempts, "must be at least 1");
        _client = client;
        _pause = pause ?? TimeSpan.FromSeconds(1);
        Attempts = attempts;
    }

    /// <summary>How often an interrupted transfer is taken up again before giving up.</summary>
    public int Attempts { get; }

    /// <summary>Fetches one file, unless it is there already.</summary>
    /// <param name="file">The file, with an address.</param>
    /// <param name="folder">Where to put it; created where missing.</param>
    /// <param name="progress">Told about every chunk.</param>
    /// <param name="cancellationToken">Stops; what was received stays for the next call.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="DataException">No address, the transfer failed, or the checksum is wrong.</exception>
    public async Task<string> DownloadAsync(DatasetFile file, string folder, IProgress<DownloadProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        Uri url = file.Url ?? throw new DataException(file.Name, "has no public address", "put the file into the folder by hand");
        Directory.CreateDirectory(folder);
        string path = Path.Combine(folder, file.Name);
        if (File.Exists(path))
        {
            file.ReadVerified(path);
            return path;
        }

        string part = path + ".part";
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                await Transfer(url, file.Name, part, progress, cancellationToken).ConfigureAwait(false);
                break;
            }
            catch (Exception error) when (error is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
            {
                bool isHopeless = error is HttpRequestException { StatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError };
                if (isHopeless || attempt >= Attempts)
                    throw new DataException(url.ToString(), $"the download failed ({error.Message})", "try again later; what was received is kept", error);
                await Task.Delay(_pause, cancellationToken).ConfigureAwait(false);
            }
        }

        try
        {
            file.ReadVerified(part);
        }
        catch (DataException error)
        {
            File.Delete(part);
            throw new DataException(url.ToString(), $"what was downloaded is not the file: {error.Message}", "try again; if it happens twice, the file has changed at its source", error);
        }

        File.Move(part, path, overwrite: true);
        return path;
    }

    private async Task Transfer(Uri url, string name, string part, IProgress<DownloadProgress>? progress, CancellationToken cancellationToken)
    {
        long have = File.Exists(part) ? new FileInfo(part).Length : 0;
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        if (have > 0)
            request.Headers.Range = new RangeHeaderValue(have, null);
        using HttpResponseMessage response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable && response.Content.Headers.ContentRange?.Length == have)
            return; // The earlier attempt had received it all.
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            File.Delete(part);
            throw new IOException("the partial file does not belong to the one on the server");
        }

        response.EnsureSuccessStatusCode();
        // A server that ignores the range sends everything from the start.
        bool resumes = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == have;
        if (response.StatusCode == HttpStatusCode.PartialContent && !resumes)
        {
            File.Delete(part);
            throw new IOException("the server sent another range than asked for");
        }

        long received = resumes ? have : 0;
        long? total = response.Content.Headers.ContentLength is { } length ? received + length : null;
        Stream body = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            var target = new FileStream(part, resumes ? FileMode.Append : FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16, useAsync: true);
            await using (target.ConfigureAwait(false))
            {
                byte[] buffer = new byte[1 << 16];
                int read;
                while ((read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
                {
                    await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                    received += read;
                    progress?.Report(new DownloadProgress(name, received, total));
                }
            }
        }

        if (total is { } whole && received < whole)
            throw new IOException($"the transfer ended after {received} of {whole} bytes");
    }
}
