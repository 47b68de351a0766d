using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Runs.Store;
using Espalier.Tests.Data;

namespace Espalier.Tests.Recipes;

/// <summary>One run of <see cref="TinyRecipe.Digits"/> that several tests look at.</summary>
public sealed class TinyRun : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TinyRun()
    {
        Recipe = RecipeDocument.Parse("tiny", TinyRecipe.Digits, BuiltIn.Catalog).Bind();
        Folder = Execute(Recipe, _folder.File("run"));
    }

    public Recipe Recipe { get; }

    public string Folder { get; }

    /// <summary>A folder's name that is gone with this object.</summary>
    public string Fresh(string name) => _folder.File(name);

    /// <summary>Runs a recipe to its end.</summary>
    public static string Execute(Recipe recipe, string folder)
    {
        using Run run = Run.CreateAt(folder, new RunManifest { Name = recipe.Name, Kind = "run", Options = RecipeRun.OptionsOf(recipe), Seed = recipe.Seed });
        Assert.True(new RecipeRun(recipe, run, torch.CPU).Execute(resume: false, CancellationToken.None));
        return run.Folder;
    }

    /// <summary>The final numbers of a run that another run must repeat: all but times and memory.</summary>
    public static Dictionary<string, double?> Numbers(string folder) => RunSummary.Load(Path.Combine(folder, "summary.json")).Values
        .Where(v => !v.Key.EndsWith("econds", StringComparison.Ordinal) && !v.Key.EndsWith("PerSecond", StringComparison.Ordinal) && !v.Key.StartsWith("memory.", StringComparison.Ordinal))
        .ToDictionary(v => v.Key, v => v.Value);

    public void Dispose() => _folder.Dispose();
}
