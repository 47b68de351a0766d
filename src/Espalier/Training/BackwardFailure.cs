using System.Runtime.ExceptionServices;

namespace Espalier.Training;

/// <summary>What went wrong in a function's backward pass: thrown from inside it, an exception would end the process.</summary>
internal static class BackwardFailure
{
    [ThreadStatic]
    private static ExceptionDispatchInfo? _failure;

    /// <summary>Keeps the first exception of a backward pass on this thread.</summary>
    public static void Keep(Exception failure) => _failure ??= ExceptionDispatchInfo.Capture(failure);

    /// <summary>Throws what the last backward pass met on this thread.</summary>
    public static void ThrowIfAny()
    {
        if (_failure is not { } failure)
            return;
        _failure = null;
        failure.Throw();
    }
}
