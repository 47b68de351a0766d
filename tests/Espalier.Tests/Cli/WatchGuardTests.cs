using System.Net;
using Espalier.Cli.Watching;
using Microsoft.AspNetCore.Http;

namespace Espalier.Tests.Cli;

public sealed class WatchGuardTests
{
    [Theory]
    [InlineData("127.0.0.1", null, "localhost:8080", null, null, null)]
    [InlineData("127.0.0.1", null, "127.0.0.1:8080", null, null, null)]
    [InlineData("127.0.0.1", null, "localhost:8080", "http://localhost:8080", null, null)]
    [InlineData("127.0.0.1", null, "rebound.example:8080", null, null, 421)]
    [InlineData("127.0.0.1", null, "10.0.0.7:8080", null, null, 421)]
    [InlineData("127.0.0.1", null, "localhost:8080", "http://elsewhere.example", null, 403)]
    [InlineData("127.0.0.1", null, "localhost:8080", "null", null, 403)]
    [InlineData("127.0.0.1", "s3cret", "localhost:8080", null, null, 401)]
    [InlineData("127.0.0.1", "s3cret", "localhost:8080", null, "Bearer wrong", 401)]
    [InlineData("127.0.0.1", "s3cret", "localhost:8080", null, "Bearer s3cret", null)]
    [InlineData("0.0.0.0", null, "192.0.2.7:8080", null, null, null)]
    [InlineData("0.0.0.0", null, "rebound.example:8080", null, null, 421)]
    [InlineData("0.0.0.0", "s3cret", "watch.example:8080", null, "Bearer s3cret", null)]
    [InlineData("0.0.0.0", "s3cret", "watch.example:8080", null, null, 401)]
    public void Requests_are_taken_from_this_machine_or_with_the_token(string bound, string? token, string host, string? origin, string? authorization, int? status)
    {
        var context = new DefaultHttpContext();
        context.Request.Scheme = "http";
        context.Request.Host = new HostString(host);
        context.Request.Path = "/score";
        if (origin is not null)
            context.Request.Headers.Origin = origin;
        if (authorization is not null)
            context.Request.Headers.Authorization = authorization;
        Assert.Equal(status, new WatchGuard(IPAddress.Parse(bound), token).Refusal(context.Request)?.Status);

        // Whoever runs the service may ask whether it lives.
        context.Request.Path = "/health";
        if (status == 401)
            Assert.Null(new WatchGuard(IPAddress.Parse(bound), token).Refusal(context.Request));
    }
}
