using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Espalier.Errors;

namespace Espalier.Models.Endpoints;

/// <summary>Sends requests: so many at once, so many a second, and again where a failure may pass.</summary>
internal sealed class HttpEndpoint : IDisposable
{
    private const long LargestResponse = 256L << 20;
    private const int ExcerptLength = 80;

    private readonly Uri _address;
    private readonly HttpClassifierOptions _options;
    private readonly HttpClient _client;
    private readonly SemaphoreSlim _places;
    private readonly Lock _lock = new();
    private long _nextStart;
    private long _requests;

    public HttpEndpoint(Uri address, HttpClassifierOptions options)
    {
        OptionsException.Require(address.IsAbsoluteUri && address.Scheme is "http" or "https", "endpoint", address, "must be an absolute http or https address");
        OptionsException.Require(address.IsLoopback || options.IsOwnEndpoint, "endpoint", address,
            "must be on this machine (localhost); of another only where it is yours, or yours to test: say so with isOwnEndpoint");
        (_address, _options) = (address, options);
        _nextStart = options.Clock.GetTimestamp();
        _places = new SemaphoreSlim(options.MaxConcurrency);
        // A redirection could lead to a machine that is not the user's.
        _client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = !address.IsLoopback })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestResponse,
        };
        foreach ((string name, string value) in options.Headers)
            OptionsException.Require(_client.DefaultRequestHeaders.TryAddWithoutValidation(name, value), "headers", name, "must be names of headers");
    }

    /// <summary>Requests sent.</summary>
    public long Requests => Interlocked.Read(ref _requests);

    /// <summary>Posts JSON.</summary>
    /// <param name="body">Made when its turn has come.</param>
    /// <param name="stop">Ends waiting and repeating.</param>
    /// <returns>The body of a response of success.</returns>
    /// <exception cref="EndpointException">There was none.</exception>
    public async Task<byte[]> PostAsync(Func<ReadOnlyMemory<byte>> body, CancellationToken stop)
    {
        await _places.WaitAsync(stop).ConfigureAwait(false);
        try
        {
            return await PostRepeatedlyAsync(body(), stop).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose()
    {
        _client.Dispose();
        _places.Dispose();
    }

    /// <summary>The beginning of a text for an error, on one line.</summary>
    public static string Excerpt(byte[] response)
    {
        string text = Encoding.UTF8.GetString(response, 0, Math.Min(response.Length, 4 * ExcerptLength)).ReplaceLineEndings(" ").Trim();
        return text.Length > ExcerptLength ? text[..ExcerptLength] + "..." : text;
    }

    private async Task<byte[]> PostRepeatedlyAsync(ReadOnlyMemory<byte> body, CancellationToken stop)
    {
        long began = _options.Clock.GetTimestamp();
        for (int attempt = 1; ; attempt++)
        {
            await WaitForTurnAsync(stop).ConfigureAwait(false);
            (byte[]? answer, Failure failure) = await TryPostAsync(body, stop).ConfigureAwait(false);
            if (answer is not null)
                return answer;
            TimeSpan pause = failure.Pause ?? Pause(attempt);
            if (!failure.MayPass || attempt > _options.MaxRetries || _options.Clock.GetElapsedTime(began) + pause > _options.RetryBudget)
                throw new EndpointException(_address, failure.Problem, attempt, failure.Remedy, failure.Cause);
            await Task.Delay(pause, _options.Clock, stop).ConfigureAwait(false);
        }
    }

    private async Task<(byte[]? Answer, Failure Failure)> TryPostAsync(ReadOnlyMemory<byte> body, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_options.Timeout);
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            Interlocked.Increment(ref _requests);
            using HttpResponseMessage response = await _client.PostAsync(_address, content, limit.Token).ConfigureAwait(false);
            byte[] answer = await response.Content.ReadAsByteArrayAsync(limit.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode ? (answer, default) : (null, FailureOf(response, answer));
        }
        catch (OperationCanceledException error) when (!stop.IsCancellationRequested)
        {
            return (null, new Failure(FormattableString.Invariant($"gave no answer within {_options.Timeout.TotalSeconds:0.###} s"), "raise timeout, or lower maxBatchSize", true, null, error));
        }
        catch (HttpRequestException error)
        {
            return (null, new Failure($"cannot be reached: {error.Message.TrimEnd('.')}", "start the service, or check its address", true, null, error));
        }
    }

    private Failure FailureOf(HttpResponseMessage response, byte[] answer)
    {
        HttpStatusCode status = response.StatusCode;
        string said = Excerpt(answer);
        string problem = $"answered {(int)status} {response.ReasonPhrase}{(said.Length == 0 ? "" : $" (\"{said}\")")}";
        TimeSpan? pause = response.Headers.RetryAfter is { } after ? after.Delta ?? (after.Date - _options.Clock.GetUtcNow()) : null;
        if (pause < TimeSpan.Zero)
            pause = TimeSpan.Zero;
        return (int)status switch
        {
            408 or 429 => new(problem, "lower requestsPerSecond or maxConcurrency", true, pause, null),
            >= 500 => new(problem, "look into the log of the service; lower maxConcurrency if it is overloaded", true, pause, null),
            >= 300 and < 400 => new(problem, $"redirections are not followed: give the final address{(response.Headers.Location is { } to ? $" ({to})" : "")}", false, null, null),
            401 or 403 => new(problem, "set headers that authorize the request", false, null, null),
            _ => new(problem, "check address, requestPath and the shape of inputs: the service does not take the request", false, null, null),
        };
    }

    private TimeSpan Pause(int attempt)
    {
        double whole = Math.Min(_options.FirstPause.TotalSeconds * Math.Pow(2, attempt - 1), _options.LongestPause.TotalSeconds);
        return TimeSpan.FromSeconds(whole * (1 - (0.5 * Random.Shared.NextDouble())));
    }

    // Requests begin at even distances.
    private async Task WaitForTurnAsync(CancellationToken stop)
    {
        TimeSpan wait;
        lock (_lock)
        {
            long now = _options.Clock.GetTimestamp();
            long start = Math.Max(now, _nextStart);
            _nextStart = start + (long)(_options.Clock.TimestampFrequency / _options.RequestsPerSecond);
            wait = _options.Clock.GetElapsedTime(now, start);
        }

        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, _options.Clock, stop).ConfigureAwait(false);
    }

    /// <summary>Why a request has no answer.</summary>
    private readonly record struct Failure(string Problem, string Remedy, bool MayPass, TimeSpan? Pause, Exception? Cause);
}
