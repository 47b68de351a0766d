using Espalier.Cli;

namespace Espalier.Tests.Cli;

/// <summary>The command without a process of its own: the same entry point, much sooner done.</summary>
internal static class InProcess
{
    public static CommandResult Run(params string[] arguments) => Capture(() => Program.Main(arguments));

    /// <summary>Does something and collects what it writes.</summary>
    public static CommandResult Capture(Func<int> work)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using var capturedOutput = new StringWriter();
        using var capturedError = new StringWriter();
        Console.SetOut(capturedOutput);
        Console.SetError(capturedError);
        try
        {
            return new CommandResult(work(), capturedOutput.ToString(), capturedError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }
}
