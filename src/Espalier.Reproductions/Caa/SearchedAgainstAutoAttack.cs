using System.Globalization;
using Espalier.Recipes;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Search;
using Espalier.Robustness.Evaluation;
using Espalier.Runs.Store;

namespace Espalier.Reproductions.Caa;

/// <summary>The paper's headline on every victim: a searched policy as strong as AutoAttack at a sixth of its cost, both in one run.</summary>
internal static class SearchedAgainstAutoAttack
{
    private const string Recipe = "robust-digits";

    private static readonly (string Victim, double Epsilon, int Count)[] s_cases = [("tiny_at", 0.2, 300), ("tiny_std", 0.1, 300), (Recipe, 0.1, 300), ("trades_smallcnn", 0.3, 100)];

    public static ReproductionPart Run(ReproductionContext context)
    {
        var claims = new List<Claim>();
        var numbers = new Dictionary<string, double>();
        foreach ((string name, double epsilon, int count) in s_cases)
        {
            context.Report(FormattableString.Invariant($"{name}, {epsilon}"));
            PolicySearchRecord record = name == Recipe ? OnTrained(context, epsilon, count) : OnVictim(context, name, epsilon, count);
            RobustnessReport found = record.Comparisons[0].Report;
            RobustnessReport auto = record.Comparisons[1].Report;
            double difference = 100 * (found.RobustAccuracy - auto.RobustAccuracy);
            double gradients = auto.GradientsPerExample / found.GradientsPerExample;
            double seconds = auto.WallSeconds / found.WallSeconds;
            string which = string.Create(CultureInfo.InvariantCulture, $"{name}, {epsilon}, {count} images");
            context.Report(string.Create(CultureInfo.InvariantCulture, $"{found.Attack}, found in {record.SearchSeconds:N0} s: {found.RobustCount} stand, AutoAttack {auto.RobustCount}; {gradients:0.0} times cheaper in gradients, {seconds:0.0} in time"));
            claims.Add(new($"{which}: found {found.Attack} in {record.SearchSeconds:N0} s", "within ten minutes", string.Create(CultureInfo.InvariantCulture, $"{100 * found.RobustAccuracy:0.0} % left, AutoAttack {100 * auto.RobustAccuracy:0.0} %"), record.SearchSeconds <= 600));
            claims.Add(new($"{which}: points weaker than AutoAttack", "at most 0.3 on 3 of 4", difference.ToString("0.0", CultureInfo.InvariantCulture), difference <= 0.3));
            claims.Add(new($"{which}: cheaper, in gradients and in wall time", "at least 6", string.Create(CultureInfo.InvariantCulture, $"{gradients:0.0}, {seconds:0.0}"), gradients >= 6 && seconds >= 6));
            numbers[$"{name}.{epsilon}.found"] = found.RobustAccuracy;
            numbers[$"{name}.{epsilon}.autoattack"] = auto.RobustAccuracy;
            numbers[$"{name}.{epsilon}.gradientRatio"] = gradients;
            numbers[$"{name}.{epsilon}.timeRatio"] = seconds;
        }

        return new("headline", "Per victim: a search of up to 220 policies (K = 20, G = 10; of 50, K = 10, G = 4, on the SmallCNN) on hard training images, then the policy found and AutoAttack on the same test images in the same run. The published policy, shortened to the budget, was among the first.", claims, []) { Numbers = numbers };
    }

    private static PolicySearchRecord OnVictim(ReproductionContext context, string name, double epsilon, int count)
    {
        using AuditTarget victim = Victims.Open(name, context.Device);
        return Search(context, victim, epsilon, count, isLarge: name == "trades_smallcnn");
    }

    /// <summary>A network that the product itself trains to resist, on the embedded digits.</summary>
    private static PolicySearchRecord OnTrained(ReproductionContext context, double epsilon, int count)
    {
        string folder = Path.Combine(Path.GetTempPath(), $"espalier-{Guid.NewGuid():N}");
        try
        {
            Recipe recipe = RecipeCatalog.Read(Recipe, []).WithoutStages() with { Expected = new Dictionary<string, double>() };
            using (Espalier.Runs.Store.Run run = Espalier.Runs.Store.Run.CreateAt(folder, new RunManifest { Name = recipe.Name, Kind = "run", Options = RecipeRun.OptionsOf(recipe), Seed = recipe.Seed }))
            {
                if (!new RecipeRun(recipe, run, context.Device).Execute(resume: false, context.CancellationToken))
                    throw new OperationCanceledException(context.CancellationToken);
            }

            using AuditTarget target = AuditTarget.Open(folder, new(), context.Device);
            return Search(context, target, epsilon, count, isLarge: false);
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }
    }

    private static PolicySearchRecord Search(ReproductionContext context, AuditTarget target, double epsilon, int count, bool isLarge) =>
        PolicySearchAudit.Run(target, new()
        {
            Search = new() { Epsilon = epsilon, Population = isLarge ? 10 : 20, Generations = isLarge ? 4 : 10, MaxSteps = 100, MaxComplexity = 300, Workers = Environment.ProcessorCount, Seed = 1 },
            SearchSamples = isLarge ? 40 : 100,
            ReportSamples = count,
            Baselines = ["autoattack"],
        }, null, null, null, context.CancellationToken) ?? throw new OperationCanceledException(context.CancellationToken);
}
