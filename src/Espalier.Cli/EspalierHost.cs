using Espalier.Recipes;
using Espalier.Recipes.Engine;

namespace Espalier.Cli;

/// <summary>
/// The command line as a library: a program of one's own that has all commands of <c>espalier</c>, and what it adds to them.
/// </summary>
/// <example>
/// <code>
/// return EspalierHost.Run(args, host =>
/// {
///     host.Recipes.Add(new NodeClassificationTask()).Add(new NodeCentralityStage());
///     host.Commands.Add(new GraphCommands());
/// });
/// </code>
/// </example>
public static class EspalierHost
{
    /// <summary>What recipes may name in this process.</summary>
    internal static EspalierCatalog Catalog { get; private set; } = BuiltIn.Catalog;

    /// <summary>The groups of commands beside this toolkit's own.</summary>
    internal static IReadOnlyList<ICommandGroup> Groups { get; private set; } = [];

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="add">Adds tasks, stages and commands to this toolkit's own; nothing where null.</param>
    /// <returns>The exit code: 0 done, 1 not done, 2 the input must be mended, 3 an alarm that was asked for.</returns>
    public static int Run(string[] args, Action<HostBuilder>? add = null)
    {
        if (add is not null)
        {
            var host = new HostBuilder();
            add(host);
            (Catalog, Groups) = (host.Recipes, [.. host.Commands.Items]);
        }

        if (args is [] or ["--help" or "-h" or "help" or "-?"])
        {
            Console.Out.Write(FrontPage.With(Groups));
            return 0;
        }

        return Program.Run(args);
    }
}
