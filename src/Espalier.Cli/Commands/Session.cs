using System.Runtime.InteropServices;
using Espalier.Cli.Output;
using Espalier.Errors;

namespace Espalier.Cli.Commands;

/// <summary>What the global options come to: device, threads, output, and a token that Ctrl+C and SIGTERM cancel.</summary>
internal sealed class Session : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _signals;

    public Session(GlobalSettings settings)
    {
        Terminal = new Terminal(settings.Quiet, settings.Json);
        if (settings.Threads is { } threads)
        {
            OptionsException.Require(threads >= 1, "threads", threads, "must be at least 1");
            torch.set_num_threads(threads);
        }

        Device = ParseDevice(settings.Device);
        _signals = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM }.Select(s => PosixSignalRegistration.Create(s, context =>
        {
            // The first signal ends the work in order, with a checkpoint; a second one ends the process.
            context.Cancel = !_stop.IsCancellationRequested;
            _stop.Cancel();
        }))];
    }

    public Terminal Terminal { get; }

    public torch.Device Device { get; }

    public CancellationToken Stop => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration signal in _signals)
            signal.Dispose();
        _stop.Dispose();
    }

    private static torch.Device ParseDevice(string text)
    {
        string[] parts = text.Split(':');
        int index = 0;
        OptionsException.Require(parts.Length <= 2 && (parts.Length == 1 || int.TryParse(parts[1], out index)) && parts[0] is "cpu" or "cuda" or "mps",
            "device", text, "must be cpu, cuda, cuda:N or mps");
        if (parts[0] == "cpu")
            return torch.CPU;
        if (parts[0] == "mps")
        {
            OptionsException.Require(torch.mps_is_available(), "device", text, "is not available here: see espalier doctor");
            return torch.MPS;
        }

        OptionsException.Require(torch.cuda_is_available() && index < torch.cuda.device_count(), "device", text, "is not available here: see espalier doctor");
        return torch.device($"cuda:{index}");
    }
}
