using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Espalier.Distributed;

/// <summary>
/// Waiting without burning the core that another rank computes on. MPICH's own waits spin. A short wait yields only; a
/// longer one sleeps for an eighth of the time waited so far, so that it ends at most that much late, and at most 1 ms a time.
/// </summary>
internal ref partial struct Patience
{
    private const int Longest = 1000;
    private const int Share = 8;
    private static readonly long UntilSleep = Stopwatch.Frequency / 5_000;
    private readonly long _since = Stopwatch.GetTimestamp();

    public Patience()
    {
    }

    /// <summary>How long it has been.</summary>
    public readonly TimeSpan Waited => Stopwatch.GetElapsedTime(_since);

    /// <summary>Lets others run.</summary>
    /// <param name="sleep">Whether what is waited for may take long; otherwise the processor is only offered to others.</param>
    public readonly void Wait(bool sleep)
    {
        long waited = Stopwatch.GetTimestamp() - _since;
        if (!sleep || waited < UntilSleep)
            Thread.Yield();
        else
            Sleep((int)Math.Min(Longest, waited * 1_000_000 / Stopwatch.Frequency / Share));
    }

    private static void Sleep(int microseconds)
    {
        // .NET sleeps whole milliseconds only.
        if (OperatingSystem.IsWindows())
            Thread.Sleep(1);
        else
            _ = SleepMicroseconds((uint)Math.Max(1, microseconds));
    }

    [LibraryImport("libc", EntryPoint = "usleep")]
    private static partial int SleepMicroseconds(uint microseconds);
}
