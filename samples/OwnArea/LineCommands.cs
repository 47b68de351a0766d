using Espalier.Cli;
using Spectre.Console.Cli;

namespace OwnArea;

/// <summary>The noun <c>line</c>.</summary>
internal sealed class LineCommands : ICommandGroup
{
    public string Name => "line";

    public string Description => "lines through points";

    public void Configure(IConfigurator<CommandSettings> group) => group.AddCommand<SayCommand>("say").WithDescription("Say what this is.");

    private sealed class SayCommand : Command<SayCommand.Settings>
    {
        public override int Execute(CommandContext context, Settings settings, CancellationToken cancellationToken)
        {
            Console.WriteLine("a line has a slope");
            return 0;
        }

        internal sealed class Settings : CommandSettings;
    }
}
