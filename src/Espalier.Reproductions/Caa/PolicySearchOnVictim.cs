using System.Globalization;
using Espalier.Recipes;
using Espalier.Recipes.Search;
using Espalier.Robustness.Evaluation;
using Espalier.Runs.Reports;

namespace Espalier.Reproductions.Caa;

/// <summary>The search on one victim, beside a random one of as many policies.</summary>
internal static class PolicySearchOnVictim
{
    private const double MostGradients = 300;

    public static ReproductionPart Run(ReproductionContext context)
    {
        using AuditTarget victim = Victims.Open("tiny_at", context.Device);
        var claims = new List<Claim>();
        var numbers = new Dictionary<string, double>();
        var fronts = new List<ChartSeries>();
        foreach (int seed in context.AllSeeds)
        {
            context.Report($"seed {seed}");
            PolicySearchRecord record = PolicySearchAudit.Run(victim, new()
            {
                Search = new()
                {
                    Epsilon = 0.2,
                    Population = 12,
                    Generations = 6,
                    MaxSteps = 100,
                    MaxComplexity = MostGradients,
                    SeedPublished = false,
                    Workers = Environment.ProcessorCount,
                    Seed = seed,
                },
                SearchSamples = 100,
                ReportSamples = 300,
                Baselines = [PolicySearchAuditOptions.Random],
            }, null, null, null, context.CancellationToken) ?? throw new OperationCanceledException(context.CancellationToken);
            RobustnessReport found = record.Comparisons[0].Report;
            RobustnessReport random = record.Comparisons[1].Report;
            string text = string.Create(CultureInfo.InvariantCulture, $"{found.RobustCount} of 300 at {found.GradientsPerExample:N0}; search set {100 * record.Selected.SearchRobust:N0} of 100; {record.SearchSeconds:N0} s, {record.SearchGradients / 1e6:0.00} M gradients");
            context.Report($"seed {seed}: {record.Selected.Text}: {text}");
            claims.Add(new($"seed {seed}: {record.Selected.Text}", "at most 256 of 300 at 300 gradients or fewer", text, found.RobustCount <= 256 && found.GradientsPerExample <= MostGradients));
            claims.Add(new($"seed {seed}, random search: {random.Attack}", "", string.Create(CultureInfo.InvariantCulture, $"{random.RobustCount} of 300 at {random.GradientsPerExample:N0}")));
            numbers[$"seed{seed}.robust"] = found.RobustCount;
            numbers[$"seed{seed}.gradients"] = found.GradientsPerExample;
            numbers[$"seed{seed}.random.robust"] = random.RobustCount;
            numbers[$"seed{seed}.seconds"] = record.SearchSeconds;
            fronts.Add(new ChartSeries($"seed {seed}", [.. record.Front.Select(c => (c.Complexity, c.SearchRobust))]) { Markers = true });
        }

        return new("search", "tiny_at, L-inf 0.2; K = 12, G = 6, at most 100 steps a stage; bred on 100 hard training images, chosen within 300 gradients by 100 others, reported on the first 300 test images. The published policy was not among the first.",
            claims,
            [("Fronts on the search images", new LineChart { Description = "Robust accuracy on the search images against nominal gradients", XLabel = "nominal gradients per image", YLabel = "left on the search images", Series = fronts }.ToSvg())])
        {
            Numbers = numbers,
        };
    }
}
