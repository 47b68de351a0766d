using System.Runtime.InteropServices;
using Espalier.Cli;
using Espalier.Errors;

namespace Espalier.Tests.Cli;

/// <summary>Whatever ends a command is one line and an exit code; its trace comes where asked for.</summary>
public sealed class RefusalOfAnythingTests
{
#pragma warning disable CA2201 // What the runtime and libtorch throw.
    public static TheoryData<Exception, int, string> Ends => new()
    {
        { new DataException("table.csv", "has no rows", "give some"), 2, "error: table.csv: has no rows; give some" },
        { new IOException("disk\nfull"), 2, "error: disk full" },
        { new OutOfMemoryException(), 2, "not enough memory" },
        { new ExternalException("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: not enough memory: you tried to allocate 99 bytes"), 2, "not enough memory" },
        { new AggregateException(new OptionsException("rate", 3, "must be below 1")), 2, "option 'rate'" },
        { new OperationCanceledException(), 2, "stopped" },
        { new NullReferenceException("Object reference"), 1, "NullReferenceException: Object reference; this is a fault of Espalier" },
        { new ExternalException("mat1 and mat2 shapes cannot be multiplied\nframe #0: c10"), 1, "mat1 and mat2 shapes cannot be multiplied; this is a fault" },
        { new DllNotFoundException("libtorch"), 1, "espalier doctor" },
    };
#pragma warning restore CA2201

    [Theory]
    [MemberData(nameof(Ends), DisableDiscoveryEnumeration = true)]
    public void Every_exception_is_one_line_and_a_code(Exception error, int code, string words)
    {
        CommandResult plain = InProcess.Capture(() => Program.Refuse(error, isVerbose: false));
        Assert.Equal((code, ""), (plain.ExitCode, plain.Output));
        string line = Assert.Single(plain.Error.Split(Environment.NewLine, StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(words, line, StringComparison.Ordinal);
        CommandResult verbose = InProcess.Capture(() => Program.Refuse(error, isVerbose: true));
        Assert.Equal(code, verbose.ExitCode);
        Assert.Contains(error.GetType().FullName!, verbose.Error, StringComparison.Ordinal);
    }
}
