using System.Net;
using System.Security.Cryptography;
using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class DatasetDownloaderTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7 % 251))];
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _client = new();

    public void Dispose()
    {
        _client.Dispose();
        _folder.Dispose();
    }

    private DatasetDownloader Downloader(int attempts = 3) => new(_client, attempts, TimeSpan.FromMilliseconds(1));

    private static DatasetFile FileAt(string url, byte[]? content = null)
        => new("file.bin", Convert.ToHexStringLower(SHA256.HashData(content ?? Content)), new Uri(url));

    [Fact]
    public async Task A_whole_transfer()
    {
        using var server = new LocalServer(Content);
        var seen = new List<DownloadProgress>();
        string path = await Downloader().DownloadAsync(FileAt(server.Url), _folder.File("new"), new Each(seen.Add));
        Assert.Equal(Content, await File.ReadAllBytesAsync(path));
        Assert.Equal(new DownloadProgress("file.bin", Content.Length, Content.Length), seen[^1]);
        Assert.False(File.Exists(path + ".part"));
        // It is there now: no second request.
        await Downloader().DownloadAsync(FileAt(server.Url), _folder.File("new"));
        Assert.Single(server.Ranges);
    }

    [Fact]
    public async Task An_interrupted_transfer_goes_on_where_it_stopped()
    {
        using var server = new LocalServer(Content) { BreakAfter = 100_000 };
        string path = await Downloader().DownloadAsync(FileAt(server.Url), _folder.Path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path));
        Assert.True(server.Ranges.Count is 2 or 3);
        Assert.Null(server.Ranges[0]);
        Assert.Matches("^bytes=[1-9][0-9]*-$", server.Ranges[^1]);
    }

    [Fact]
    public async Task The_next_call_resumes_an_earlier_one()
    {
        using var server = new LocalServer(Content);
        _folder.Write("file.bin.part", Content[..123_456]);
        string path = await Downloader().DownloadAsync(FileAt(server.Url), _folder.Path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path));
        Assert.Equal(["bytes=123456-"], server.Ranges);
    }

    [Fact]
    public async Task A_server_without_ranges_starts_over()
    {
        using var server = new LocalServer(Content) { IgnoresRanges = true };
        _folder.Write("file.bin.part", Content[..1000]);
        string path = await Downloader().DownloadAsync(FileAt(server.Url), _folder.Path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task A_complete_partial_file_is_taken()
    {
        using var server = new LocalServer(Content);
        _folder.Write("file.bin.part", Content);
        string path = await Downloader().DownloadAsync(FileAt(server.Url), _folder.Path);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path));
    }

    [Fact]
    public async Task A_wrong_checksum_leaves_nothing_behind()
    {
        using var server = new LocalServer(Content);
        var error = await Assert.ThrowsAsync<DataException>(() => Downloader().DownloadAsync(FileAt(server.Url, [1, 2, 3]), _folder.Path));
        Assert.Contains("SHA-256", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_missing_file_is_not_asked_for_again()
    {
        using var server = new LocalServer(Content) { Status = HttpStatusCode.NotFound };
        var error = await Assert.ThrowsAsync<DataException>(() => Downloader().DownloadAsync(FileAt(server.Url), _folder.Path));
        Assert.Contains("404", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Ranges);
    }

    [Fact]
    public async Task Giving_up_keeps_what_was_received()
    {
        using var server = new LocalServer(Content) { BreakAfter = 100_000 };
        await Assert.ThrowsAsync<DataException>(() => Downloader(attempts: 1).DownloadAsync(FileAt(server.Url), _folder.Path));
        Assert.InRange(new FileInfo(_folder.File("file.bin.part")).Length, 1, 100_000);
    }

    [Fact]
    public async Task Cancelling_stops()
    {
        using var server = new LocalServer(Content);
        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Downloader().DownloadAsync(FileAt(server.Url), _folder.Path, new Each(_ => stop.Cancel()), stop.Token));
        Assert.False(File.Exists(_folder.File("file.bin")));
    }

    [Fact]
    public async Task A_file_without_an_address_is_refused()
        => await Assert.ThrowsAsync<DataException>(() => Downloader().DownloadAsync(new DatasetFile("x", new string('0', 64)), _folder.Path));

    private sealed class Each(Action<DownloadProgress> action) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => action(value);
    }

    /// <summary>A server of one file on the loopback address that can break off its first answer.</summary>
    private sealed class LocalServer : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly byte[] _content;
        private bool _hasBroken;

        public LocalServer(byte[] content)
        {
            _content = content;
            using var probe = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
            probe.Start();
            Url = $"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            probe.Stop();
            _listener.Prefixes.Add(Url);
            _listener.Start();
            _ = Task.Run(Serve);
        }

        public string Url { get; }

        public int BreakAfter { get; init; } = int.MaxValue;

        public bool IgnoresRanges { get; init; }

        public HttpStatusCode Status { get; init; } = HttpStatusCode.OK;

        public List<string?> Ranges { get; } = [];

        public void Dispose() => _listener.Close();

        private async Task Serve()
        {
            while (_listener.IsListening)
            {
                try
                {
                    await Answer(await _listener.GetContextAsync());
                }
                catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or InvalidOperationException or IOException)
                {
                    // The client went away, or the test is over.
                }
            }
        }

        private async Task Answer(HttpListenerContext context)
        {
            string? range = context.Request.Headers["Range"];
            Ranges.Add(range);
            HttpListenerResponse response = context.Response;
            response.StatusCode = (int)Status;
            int start = range is null || IgnoresRanges ? 0 : int.Parse(range["bytes=".Length..^1], System.Globalization.CultureInfo.InvariantCulture);
            if (start >= _content.Length)
            {
                response.StatusCode = (int)HttpStatusCode.RequestedRangeNotSatisfiable;
                response.Headers["Content-Range"] = $"bytes */{_content.Length}";
                response.Close();
                return;
            }

            if (Status != HttpStatusCode.OK)
            {
                response.Close();
                return;
            }

            if (start > 0)
            {
                response.StatusCode = (int)HttpStatusCode.PartialContent;
                response.Headers["Content-Range"] = $"bytes {start}-{_content.Length - 1}/{_content.Length}";
            }

            response.ContentLength64 = _content.Length - start;
            bool breaks = !_hasBroken && BreakAfter < _content.Length;
            int end = breaks ? BreakAfter : _content.Length;
            await response.OutputStream.WriteAsync(_content.AsMemory(start, end - start));
            if (breaks)
            {
                _hasBroken = true;
                await response.OutputStream.FlushAsync();
                await Task.Delay(100); // Let the client take what was sent.
                response.Abort();
            }
            else
            {
                response.Close();
            }
        }
    }
}
