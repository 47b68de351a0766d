namespace Espalier.Errors;

/// <summary>A remote service did not answer as a service does: unreachable, too slow, failing, or refusing the request.</summary>
public sealed class EndpointException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="endpoint">Its address.</param>
    /// <param name="problem">What is wrong with it, such as <c>answered 503</c>.</param>
    /// <param name="attempts">How often it was tried.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">The last cause.</param>
    public EndpointException(Uri endpoint, string problem, int attempts, string remedy, Exception? inner = null)
        : base($"{endpoint} {problem}{(attempts > 1 ? $", {attempts} times" : "")}", remedy, inner) => (Endpoint, Attempts) = (endpoint, attempts);

    /// <summary>Its address.</summary>
    public Uri Endpoint { get; }

    /// <summary>How often it was tried.</summary>
    public int Attempts { get; }
}
