using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Espalier.Tests.Concurrency;
using static ArchUnitNET.Fluent.ArchRuleDefinition;
using Assembly = System.Reflection.Assembly;

namespace Espalier.Tests.Architecture;

[Collection(Beside.Name)]
public sealed class ArrowTests
{
    private static readonly ArchUnitNET.Domain.Architecture Loaded = new ArchLoader().LoadAssemblies(Product.All).Build();

    public static TheoryData<string> AreaNames => [.. Product.Areas.Select(a => a.GetName().Name!)];

    [Fact]
    public void The_core_depends_on_no_area() => Forbid(Product.Core, [.. Product.Areas, Product.Recipes, Product.Cli]);

    [Theory]
    [MemberData(nameof(AreaNames))]
    public void An_area_depends_on_the_core_and_perhaps_on_networks(string name)
    {
        Assembly area = Product.Areas.Single(a => a.GetName().Name == name);
        Forbid(area, [.. Product.All.Where(a => a != area && a != Product.Core && a != Product.Networks)]);
    }

    [Fact]
    public void Networks_depends_on_the_core_only() => Forbid(Product.Networks, [.. Product.All.Where(a => a != Product.Networks && a != Product.Core)]);

    [Fact]
    public void Nobody_depends_on_the_command_line()
    {
        foreach (Assembly assembly in Product.All.Where(a => a != Product.Cli))
            Forbid(assembly, [Product.Cli]);
    }

    [Fact]
    public void A_forbidden_arrow_would_be_seen()
    {
        // The rules above would be empty words if this one held.
        Assert.False(Rule(Product.Recipes, Product.Areas).HasNoViolations(Loaded));
        Assert.False(Rule(Product.Cli, [Product.Recipes]).HasNoViolations(Loaded));
    }

    [Fact]
    public void Every_project_of_the_product_is_covered()
    {
        string[] projects = [.. Directory.GetDirectories(Path.Combine(SourceTree.Root, "src")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.Equal(projects, Product.All.Select(a => a.GetName().Name).Order(StringComparer.Ordinal));
    }

    private static void Forbid(Assembly from, Assembly[] to) => Rule(from, to).Check(Loaded);

    private static TypesShouldConjunction Rule(Assembly from, Assembly[] to) =>
        Types().That().ResideInAssembly(from).Should().NotDependOnAny(Types().That().ResideInAssembly(to[0], to[1..]));
}
