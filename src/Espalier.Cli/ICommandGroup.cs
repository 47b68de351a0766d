using Spectre.Console.Cli;

namespace Espalier.Cli;

/// <summary>Commands under one noun, such as <c>espalier graph ...</c>.</summary>
public interface ICommandGroup
{
    /// <summary>The noun.</summary>
    string Name { get; }

    /// <summary>One line for <c>espalier --help</c>.</summary>
    string Description { get; }

    /// <summary>Adds the commands.</summary>
    /// <param name="group">The noun's branch.</param>
    void Configure(IConfigurator<CommandSettings> group);
}
