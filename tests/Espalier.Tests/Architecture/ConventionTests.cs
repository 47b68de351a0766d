using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Espalier.Errors;

namespace Espalier.Tests.Architecture;

public sealed partial class ConventionTests
{
    /// <summary>Options that have nothing to check, each with its reason.</summary>
    private static readonly Dictionary<string, string> Unchecked = new()
    {
        ["ScalingOptions"] = "holds enumerations only, and the reader of recipes refuses what is not named",
    };

    private static readonly string[] Meaningless = ["Helper", "Helpers", "Util", "Utils", "Utilities", "Common", "Manager", "Managers", "Misc"];

    private static IEnumerable<Type> Types => Product.All.SelectMany(a => a.GetTypes())
        .Where(t => !t.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && t.Namespace?.StartsWith("Espalier", StringComparison.Ordinal) == true);

    [Fact]
    public void Every_error_of_ours_is_one_that_a_user_can_mend()
    {
        Type[] errors = [.. Types.Where(t => t.IsAssignableTo(typeof(Exception)))];
        Assert.Contains(typeof(RecipeException), errors);
        Assert.All(errors, e => Assert.True(e.IsAssignableTo(typeof(EspalierException)), $"{e} does not derive from EspalierException"));
    }

    [Fact]
    public void Every_options_record_can_check_itself()
    {
        Type[] options = [.. Types.Where(t => t.IsPublic && !t.IsAbstract && t.Name.EndsWith("Options", StringComparison.Ordinal))];
        Assert.True(options.Length >= 15, $"only {options.Length} options records were found");
        string[] lacking = [.. options.Where(t => t.GetMethod("Validate", BindingFlags.Public | BindingFlags.Instance, []) is not { } validate || validate.ReturnType != typeof(void)).Select(t => t.Name)];
        Assert.Equal(Unchecked.Keys.Order(StringComparer.Ordinal), lacking.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_options_record_accepts_its_own_defaults()
    {
        // A name, a list or a folder that only the user can know is what may be missing.
        string[] incomplete = ["DataOptions", "AttackOptions", "AttackCurveOptions", "CompositeAttackOptions"];
        foreach (Type type in Types.Where(t => t.IsPublic && !t.IsAbstract && t.Name.EndsWith("Options", StringComparison.Ordinal) && !incomplete.Contains(t.Name)))
        {
            if (type.GetMethod("Validate", []) is { } validate)
                Assert.Null(Record.Exception(() => validate.Invoke(Activator.CreateInstance(type), null)));
        }
    }

    [Fact]
    public void Names_mean_something()
    {
        foreach (Type type in Types)
        {
            IEnumerable<string> words = type.Namespace!.Split('.').Concat(Word().Matches(type.Name).Select(m => m.Value));
            Assert.DoesNotContain(words, w => Meaningless.Contains(w));
        }
    }

    [Fact]
    public void A_file_holds_one_public_type_and_is_named_after_it()
    {
        int files = 0;
        foreach (string file in SourceTree.Files)
        {
            // MSBuild compiles the one file of a task by itself.
            if (Path.GetFileName(Path.GetDirectoryName(file)) == "buildTransitive")
                continue;
            string[] types = [.. PublicType().Matches(File.ReadAllText(file)).Select(m => m.Groups["name"].Value)];
            Assert.True(types.Length <= 1, $"{Path.GetFileName(file)} holds {string.Join(", ", types)}");
            if (types.Length == 1)
                Assert.Equal(types[0], Path.GetFileNameWithoutExtension(file).Split('{')[0]);
            files++;
        }

        Assert.True(files > 100, $"only {files} source files were found");
    }

    [GeneratedRegex(@"^public (?:(?:sealed|static|abstract|partial|readonly|unsafe) )*(?:class|record struct|record|struct|interface|enum|delegate \S+) (?<name>\w+)", RegexOptions.Multiline)]
    private static partial Regex PublicType();

    [GeneratedRegex("[A-Z][a-z0-9]*")]
    private static partial Regex Word();
}
