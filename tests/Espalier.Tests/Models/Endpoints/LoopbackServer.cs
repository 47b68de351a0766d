using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Espalier.Tests.Models.Endpoints;

/// <summary>A service on this machine that answers as a test wants.</summary>
internal sealed class LoopbackServer : IDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<int, JsonElement, Reply> _answer;
    private readonly Lock _lock = new();
    private int _requests;
    private int _underWay;

    /// <param name="answer">From the number of the request, counted from 1, and its JSON to a reply.</param>
    public LoopbackServer(Func<int, JsonElement, Reply> answer)
    {
        _answer = answer;
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)probe.LocalEndpoint).Port}/classify");
        }

        _listener.Prefixes.Add($"http://127.0.0.1:{Address.Port}/");
        _listener.Start();
        _ = Task.Run(ListenAsync);
    }

    public Uri Address { get; }

    public int Requests => Volatile.Read(ref _requests);

    public int MostAtOnce { get; private set; }

    public List<int> BatchSizes { get; } = [];

    public List<string?> Authorizations { get; } = [];

    public void Dispose() => _listener.Close();

    private async Task ListenAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                HttpListenerContext context = await _listener.GetContextAsync();
                _ = Task.Run(() => ServeAsync(context));
            }
            catch (Exception error) when (error is HttpListenerException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(HttpListenerContext context)
    {
        using JsonDocument body = await JsonDocument.ParseAsync(context.Request.InputStream);
        int number;
        lock (_lock)
        {
            number = ++_requests;
            MostAtOnce = Math.Max(MostAtOnce, ++_underWay);
            Authorizations.Add(context.Request.Headers["Authorization"]);
            if (body.RootElement.TryGetProperty("inputs", out JsonElement inputs))
                BatchSizes.Add(inputs.GetArrayLength());
        }

        Reply reply = _answer(number, body.RootElement);
        if (reply.Delay > TimeSpan.Zero)
            await Task.Delay(reply.Delay);
        lock (_lock)
            _underWay--;
        try
        {
            context.Response.StatusCode = reply.Status;
            if (reply.RetryAfter is { } seconds)
                context.Response.Headers["Retry-After"] = seconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
            byte[] text = Encoding.UTF8.GetBytes(reply.Body);
            context.Response.ContentLength64 = text.Length;
            await context.Response.OutputStream.WriteAsync(text);
            context.Response.Close();
        }
        catch (Exception error) when (error is HttpListenerException or ObjectDisposedException or IOException)
        {
            // The client has given up.
        }
    }

    internal sealed record Reply(string Body, int Status = 200, TimeSpan Delay = default, int? RetryAfter = null);
}
