using System.Runtime.InteropServices;

namespace Espalier.Distributed;

/// <summary>
/// Ends a job that was told to end and hangs. The launcher passes SIGTERM and Ctrl+C on to every rank, once; whoever
/// runs the work stops in order. But a rank that waits for another that has already stopped would wait for ever.
/// </summary>
internal sealed class SignalWatch : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly MpiCommunicator _communicator;
    private readonly TimeSpan _grace;
    private readonly PosixSignalRegistration[] _registrations;
    private int _watching;
    private volatile bool _done;

    public SignalWatch(MpiCommunicator communicator, TimeSpan grace)
    {
        (_communicator, _grace) = (communicator, grace);

        // Whether the signal ends the process is for whoever runs the work to say: it registers too.
        _registrations = [.. new[] { PosixSignal.SIGTERM, PosixSignal.SIGINT }.Select(s => PosixSignalRegistration.Create(s, c => Begin(c.Signal)))];
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _done = true;
    }

    private void Begin(PosixSignal signal)
    {
        if (Interlocked.Exchange(ref _watching, 1) != 0)
            return;
        _communicator.Told(signal);
        new Thread(() => Watch(signal)) { Name = "MPI signal watch", IsBackground = true }.Start();
    }

    private void Watch(PosixSignal signal)
    {
        DateTime told = DateTime.UtcNow;
        while (!_done)
        {
            Thread.Sleep(Interval);
            if (_communicator.UnderWay is { } operation && DateTime.UtcNow - (operation.Since > told ? operation.Since : told) > _grace)
                _communicator.GiveUp(signal, operation.Call);
        }
    }
}
