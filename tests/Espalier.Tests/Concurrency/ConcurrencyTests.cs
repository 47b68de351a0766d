using System.Reflection;
using System.Text.RegularExpressions;
using Espalier.Tests.Architecture;

namespace Espalier.Tests.Concurrency;

public sealed partial class ConcurrencyTests
{
    /// <summary>What changes or depends on what all tests share.</summary>
    private static readonly string[] s_shared =
    [
        "InProcess.", "TinyRun.Execute", "IClassFixture<TinyRun>", "Console.", "manual_seed", "set_rng_state", "set_num_threads", "torch.nn.Linear", "torch.nn.Sequential", "torch.nn.Conv", "torch.rand", "ModelZoo", "new Trainer(",
        "SetEnvironmentVariable", "CurrentDirectory",
    ];

    [Fact]
    public void Tests_beside_the_others_touch_nothing_that_is_shared()
    {
        Type[] beside = [.. Classes(Beside.Name)];
        Assert.True(beside.Length >= 4, $"only {beside.Length} classes were found");
        foreach (Type type in beside)
        {
            string text = Source(type);
            Assert.DoesNotContain(s_shared, s => text.Contains(s, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Tests_that_start_the_command_or_ranks_run_beside_the_others_or_alone()
    {
        Type[] elsewhere = [.. Classes(null).Where(t => Starts().IsMatch(Source(t)))];
        Assert.Empty(elsewhere);
    }

    [Fact]
    public void Tests_that_count_the_tensors_of_all_threads_run_alone()
    {
        Type[] elsewhere = [.. Classes(null).Concat(Classes(Beside.Name)).Where(t => Source(t).Contains("TotalCount", StringComparison.Ordinal))];
        Assert.Empty(elsewhere);
    }

    private static IEnumerable<Type> Classes(string? collection) => Assembly.GetExecutingAssembly().GetTypes()
        .Where(t => t.GetMethods().Any(m => m.IsDefined(typeof(FactAttribute))) && t != typeof(ConcurrencyTests) && t.GetCustomAttribute<CollectionAttribute>()?.Name == collection);

    private static string Source(Type type) => File.ReadAllText(Path.Combine([SourceTree.Root, "tests", "Espalier.Tests", .. type.Namespace!.Split('.').Skip(2), $"{type.Name}.cs"]));

    [GeneratedRegex(@"EspalierProcess\.(Run|Start)|MpiJob\.")]
    private static partial Regex Starts();
}
