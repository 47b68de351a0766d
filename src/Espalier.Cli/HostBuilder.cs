using Espalier.Components;
using Espalier.Recipes;
using Espalier.Recipes.Engine;

namespace Espalier.Cli;

/// <summary>What a program adds to the command line.</summary>
public sealed class HostBuilder
{
    internal HostBuilder()
    {
    }

    /// <summary>Tasks and stages of recipes; this toolkit's own are there already.</summary>
    public EspalierCatalog Recipes { get; } = BuiltIn.AddTo(new EspalierCatalog());

    /// <summary>Groups of commands beside this toolkit's own.</summary>
    public Catalog<ICommandGroup> Commands { get; } = new("group of commands", g => g.Name);
}
