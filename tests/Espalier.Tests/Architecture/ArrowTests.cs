using System.Reflection;
using ArchUnitNET.Fluent.Syntax.Elements.Types;
using ArchUnitNET.Loader;
using ArchUnitNET.xUnitV3;
using Espalier.Tests.Concurrency;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace Espalier.Tests.Architecture;

[Collection(Beside.Name)]
public sealed class ArrowTests
{
    private static readonly ArchUnitNET.Domain.Architecture Loaded = new ArchLoader().LoadAssemblies(Product.All).Build();

    public static TheoryData<string> Names => [.. Product.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void An_assembly_knows_only_those_below_it(string name)
    {
        Assembly[] above = [.. Product.All.Where(a => !Product.Known(name).Contains(a.GetName().Name!))];
        if (above.Length > 0)
            Rule(Of(name), above).Check(Loaded);
    }

    [Fact]
    public void A_forbidden_arrow_would_be_seen()
    {
        // The rule above would be empty words if one of these held.
        Assert.False(Rule(Of("Espalier.Recipes"), [Of("Espalier.Anomaly")]).HasNoViolations(Loaded));
        Assert.False(Rule(Of("Espalier.Training"), [Of("Espalier.Data")]).HasNoViolations(Loaded));
        Assert.False(Rule(Of("Espalier.Cli"), [Of("Espalier.Recipes")]).HasNoViolations(Loaded));
    }

    /// <summary>Tasks and stages know the engine; the engine knows none of them, and no area.</summary>
    [Fact]
    public void The_engine_of_recipes_knows_no_task_no_stage_and_no_area()
    {
        var engine = Types().That().ResideInNamespace("Espalier.Recipes.Engine");
        string[] foreign = [@"^Espalier\.Recipes(\.(Stages|Tasks|Reports|Search|Detection|Comparison).*)?$", .. Product.Areas.Select(a => $"^Espalier\\.{a}(\\..*)?$")];
        foreach (string pattern in foreign)
            engine.Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(pattern)).Check(Loaded);
        Assert.False(Types().That().ResideInNamespaceMatching(@"^Espalier\.Recipes\.Stages$").Should().NotDependOnAny(Types().That().ResideInNamespaceMatching(foreign[1..].First(f => f.Contains("Robustness", StringComparison.Ordinal)))).HasNoViolations(Loaded));
    }

    [Fact]
    public void Every_project_of_the_product_is_covered()
    {
        string[] projects = [.. Directory.GetFiles(Path.Combine(SourceTree.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];
        Assert.Equal(projects, Product.Names.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("Espalier.Robustness")]
    [InlineData("Espalier.Networks")]
    [InlineData("Espalier.Anomaly")]
    public void An_area_draws_in_no_database_and_no_transport(string name)
    {
        var seen = new HashSet<string>();
        Visit(Of(name), seen);
        Assert.DoesNotContain(seen, n => n.StartsWith("Microsoft.Data.Sqlite", StringComparison.Ordinal) || n is "MPI" or "Espalier.Runs");
        Assert.Contains("TorchSharp", seen);
    }

    [Fact]
    public void A_namespace_is_its_folder()
    {
        int files = 0;
        foreach (string file in SourceTree.Files.Where(f => !f.Contains("buildTransitive", StringComparison.Ordinal)))
        {
            string folder = Path.GetRelativePath(Path.Combine(SourceTree.Root, "src"), Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
            string? declared = File.ReadLines(file).FirstOrDefault(l => l.StartsWith("namespace ", StringComparison.Ordinal));
            if (declared is null)
                continue;
            Assert.Equal($"namespace {folder};", declared);
            files++;
        }

        Assert.True(files > 1000, $"only {files} source files were found");
    }

    private static Assembly Of(string name) => Product.All.Single(a => a.GetName().Name == name);

    private static void Visit(Assembly assembly, HashSet<string> seen)
    {
        foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
        {
            if (seen.Add(reference.Name!) && reference.Name!.StartsWith("Espalier", StringComparison.Ordinal))
                Visit(Assembly.Load(reference), seen);
        }
    }

    private static TypesShouldConjunction Rule(Assembly from, Assembly[] to) =>
        Types().That().ResideInAssembly(from).Should().NotDependOnAny(Types().That().ResideInAssembly(to[0], to[1..]));
}
