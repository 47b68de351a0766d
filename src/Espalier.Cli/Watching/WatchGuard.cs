using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Espalier.Cli.Watching;

/// <summary>
/// Whom a watcher answers. A page in somebody's browser must not reach it: neither by a name that a foreign server leads here (DNS
/// rebinding: the Host is checked) nor from its own site (the Origin is checked). Where there is a token, all but <c>/health</c> needs it.
/// </summary>
internal sealed class WatchGuard(IPAddress address, string? token)
{
    private const string Scheme = "Bearer ";

    /// <summary>Why a request is refused, with its status; null where it is not.</summary>
    public (int Status, string Problem)? Refusal(HttpRequest request)
    {
        if (!IsKnown(request.Host.Host))
            return (StatusCodes.Status421MisdirectedRequest, "the request is for another host than this: use this machine's address, or give the watcher a --token");
        if (request.Headers.Origin is [{ } origin, ..] && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
            return (StatusCodes.Status403Forbidden, "pages of other sites may not ask");
        if (token is not null && request.Path != "/health" && !BringsToken(request))
            return (StatusCodes.Status401Unauthorized, "the request needs the header Authorization: Bearer with the watcher's token");
        return null;
    }

    // A foreign name that leads here is what rebinding needs; an address is none, and a token is not known to a foreign page.
    private bool IsKnown(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? literal) && (!IPAddress.IsLoopback(address) || IPAddress.IsLoopback(literal)))
        || (!IPAddress.IsLoopback(address) && (token is not null || host.Equals(Environment.MachineName, StringComparison.OrdinalIgnoreCase)));

    private bool BringsToken(HttpRequest request) =>
        request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(header[Scheme.Length..].Trim()), Encoding.UTF8.GetBytes(token!));
}
