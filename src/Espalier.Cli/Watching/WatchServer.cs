using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Threading.Channels;
using Espalier.Anomaly.Watching;
using Espalier.Errors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Espalier.Cli.Watching;

/// <summary>
/// A watcher's HTTP side: <c>POST /score</c> (an object, an array of features, or an array of such), <c>GET /metrics</c> and
/// <c>GET /health</c>. Answers when decisions are durable; refuses bodies that are too large, and requests when too many wait.
/// </summary>
internal sealed class WatchServer : IAsyncDisposable
{
    private const int MostWaiting = 256;
    private const int MostRecords = 10_000;

    // A record may be as deep as JSON usually may be; one that is deeper must not spoil its neighbours.
    private const int DeepestBody = 1000;

    private readonly WebApplication _application;
    private readonly Channel<WatchRequest> _requests = Channel.CreateBounded<WatchRequest>(MostWaiting);
    private readonly Func<JsonElement, double[]> _features;
    private long _received;

    private WatchServer(IPEndPoint address, long longestBody, bool takesRecords, string? token, Func<JsonElement, double[]> features, Func<string> metrics, Func<object> health)
    {
        _features = features;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = longestBody;
            kestrel.AddServerHeader = false;
            kestrel.Listen(address);
        });

        // The command's own handling of signals ends the server.
        builder.Services.AddSingleton<Microsoft.Extensions.Hosting.IHostLifetime, NoLifetime>();
        _application = builder.Build();
        IsOpen = !IPAddress.IsLoopback(address.Address);
        var guard = new WatchGuard(address.Address, token);
        _application.Use(async (context, next) =>
        {
            if (guard.Refusal(context.Request) is (int status, string problem))
                await Results.Json(new { problem }, statusCode: status).ExecuteAsync(context).ConfigureAwait(false);
            else
                await next(context).ConfigureAwait(false);
        });
        _application.MapGet("/health", () => Results.Json(health()));
        _application.MapGet("/metrics", () => Results.Text(metrics(), "text/plain; version=0.0.4"));
        if (takesRecords)
            _application.MapPost("/score", Score);
    }

    /// <summary>What has come in, to be answered in order.</summary>
    public ChannelReader<WatchRequest> Requests => _requests.Reader;

    /// <summary>Whether other machines reach it.</summary>
    public bool IsOpen { get; }

    /// <summary>Where it listens.</summary>
    public string Address => _application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Starts to listen.</summary>
    /// <param name="address">A port of the loopback address, or an address and a port; port 0 takes a free one.</param>
    /// <param name="longestBody">Bytes of a body at most.</param>
    /// <param name="takesRecords">Whether records come in this way.</param>
    /// <param name="token">What requests must bring, but those for <c>/health</c>; nothing where null.</param>
    /// <param name="features">Makes the features of a record.</param>
    /// <param name="metrics">The text of <c>/metrics</c>.</param>
    /// <param name="health">The answer of <c>/health</c>.</param>
    /// <exception cref="OptionsException">The address cannot be read.</exception>
    /// <exception cref="EndpointException">It cannot be listened at.</exception>
    public static WatchServer Start(string address, long longestBody, bool takesRecords, string? token, Func<JsonElement, double[]> features, Func<string> metrics, Func<object> health)
    {
        IPEndPoint endPoint = Parse(address);
        var server = new WatchServer(endPoint, longestBody, takesRecords, token, features, metrics, health);
        try
        {
            server._application.StartAsync().GetAwaiter().GetResult();
        }
        catch (IOException error)
        {
            throw new EndpointException(new Uri($"http://{endPoint}"), "cannot be listened at", 1, "choose another port, or 0 for a free one", error);
        }

        return server;
    }

    /// <summary>Lets requests in no more; those that wait are answered by whoever reads them.</summary>
    public void Close() => _requests.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        Close();
        while (_requests.Reader.TryRead(out WatchRequest? left))
            left.Answer.TrySetCanceled();
        using (var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2)))
            await _application.StopAsync(patience.Token).ConfigureAwait(false);
        await _application.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<IResult> Score(HttpRequest request)
    {
        if (!request.HasJsonContentType())
            return Results.Json(new { problem = "records are taken as Content-Type: application/json" }, statusCode: StatusCodes.Status415UnsupportedMediaType);
        IReadOnlyList<WatchItem> items;
        bool isBroken = false;
        try
        {
            using JsonDocument body = await JsonDocument.ParseAsync(request.Body, new JsonDocumentOptions { MaxDepth = DeepestBody }, request.HttpContext.RequestAborted).ConfigureAwait(false);
            if (body.RootElement is { ValueKind: JsonValueKind.Array } array && !IsOneRecord(array) && array.GetArrayLength() > MostRecords)
                return Results.Json(new { problem = $"{array.GetArrayLength()} records in one request; at most {MostRecords} are taken" }, statusCode: StatusCodes.Status413PayloadTooLarge);
            items = Items(body.RootElement);
        }
        catch (JsonException error)
        {
            (items, isBroken) = ([new(Name(), null, $"is no JSON ({error.Message})")], true);
        }
        catch (Microsoft.AspNetCore.Http.BadHttpRequestException error)
        {
            return Results.Json(new { problem = error.Message }, statusCode: error.StatusCode);
        }

        var answer = new TaskCompletionSource<IReadOnlyList<WatchEvent>>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (!_requests.Writer.TryWrite(new(items, answer)))
        {
            request.HttpContext.Response.Headers.RetryAfter = "1";
            return Results.Json(new { problem = "too many requests wait; try again" }, statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        try
        {
            IReadOnlyList<WatchEvent> events = await answer.Task.ConfigureAwait(false);
            return Results.Json(new { events }, WatchJournal.Json, statusCode: isBroken ? StatusCodes.Status400BadRequest : StatusCodes.Status200OK);
        }
        catch (OperationCanceledException)
        {
            return Results.Json(new { problem = "the service is stopping" }, statusCode: StatusCodes.Status503ServiceUnavailable);
        }
    }

    // An array without objects and arrays in it is one record; of any other each element is one, whatever its neighbours are.
    private IReadOnlyList<WatchItem> Items(JsonElement body) => IsOneRecord(body)
        ? [JsonLinesSource.Parse(body.GetRawText(), Name(), _features)]
        : [.. body.EnumerateArray().Select(e => JsonLinesSource.Parse(e.GetRawText(), Name(), _features))];

    private static bool IsOneRecord(JsonElement body) =>
        body.ValueKind != JsonValueKind.Array || (body.GetArrayLength() > 0 && !body.EnumerateArray().Any(e => e.ValueKind is JsonValueKind.Object or JsonValueKind.Array));

    private string Name() => string.Create(CultureInfo.InvariantCulture, $"request-{Interlocked.Increment(ref _received)}");

    private static IPEndPoint Parse(string address)
    {
        bool isPort = ushort.TryParse(address, NumberStyles.None, CultureInfo.InvariantCulture, out ushort port);
        IPEndPoint? endPoint = isPort ? new(IPAddress.Loopback, port) : null;
        OptionsException.Require(endPoint is not null || (address.Contains(':', StringComparison.Ordinal) && IPEndPoint.TryParse(address, out endPoint)), "http", address, "must be a port of this machine's loopback address, such as 8080, or an address with a port, such as 0.0.0.0:8080");
        return endPoint!;
    }

    private sealed class NoLifetime : Microsoft.Extensions.Hosting.IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
