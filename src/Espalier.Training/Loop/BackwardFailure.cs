using System.Runtime.ExceptionServices;

namespace Espalier.Training.Loop;

/// <summary>
/// What went wrong in a function's backward pass: thrown from inside it, an exception would end the process. The forward pass takes
/// the holder of its thread along (<see cref="Here"/>), since a GPU's backward pass runs on a thread of the device.
/// </summary>
internal sealed class BackwardFailure
{
    [ThreadStatic]
    private static BackwardFailure? s_here;

    private ExceptionDispatchInfo? _failure;

    /// <summary>The holder of this thread, for the functions whose forward pass runs on it.</summary>
    public static BackwardFailure Here => s_here ??= new BackwardFailure();

    /// <summary>Keeps the first exception of a backward pass.</summary>
    public void Keep(Exception failure) => Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(failure), null);

    /// <summary>Throws what went wrong in the backward pass of a function whose forward pass ran on this thread.</summary>
    public static void ThrowIfAny()
    {
        if (Interlocked.Exchange(ref Here._failure, null) is { } failure)
            failure.Throw();
    }
}
