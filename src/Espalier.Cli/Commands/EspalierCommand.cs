using Espalier.Runtime;
using Spectre.Console.Cli;

namespace Espalier.Cli.Commands;

/// <summary>A command: makes the session of its options and does its work in it.</summary>
internal abstract class EspalierCommand<TSettings> : Command<TSettings>
    where TSettings : GlobalSettings
{
    /// <summary>Done as asked.</summary>
    protected const int Done = 0;

    /// <summary>Not done: interrupted, or the answer is no.</summary>
    protected const int NotDone = 1;

    public sealed override int Execute(CommandContext context, TSettings settings, CancellationToken cancellationToken)
    {
        if (!NativeArguments.AreKept)
            Console.Error.WriteLine($"warning: TorchSharp.dll is not the one that the build prepared, so that numbers may be freed while native code reads them; {NativeArguments.Remedy}");
        using var session = new Session(settings);
        return Execute(settings, session);
    }

    protected abstract int Execute(TSettings settings, Session session);
}
