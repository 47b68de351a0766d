using Espalier.Data;
using Espalier.Recipes;
using Espalier.Robustness.Evaluation;
using Espalier.Robustness.Policies;
using Espalier.Robustness.Regions;

namespace Espalier.Reproductions.Caa;

/// <summary>What becomes of an image depends on neither batch size, workers nor interruptions.</summary>
internal static class AttackInvariance
{
    private const int Count = 64;
    private const string Policy = "cw(t=30) -> mt(t=10) -> square(queries=200)";

    public static ReproductionPart Run(ReproductionContext context)
    {
        using AuditTarget victim = Victims.Open("tiny_at", context.Device);
        using var scope = torch.NewDisposeScope();
        LabelledBatch batch = victim.Splits.Test.First(Count);
        IReadOnlyList<(int, long)> reference = Outcomes(Count, 1, null);
        var claims = new List<Claim>();
        foreach ((int size, int workers) in ((int, int)[])[(1, 1), (7, 1), (64, 1), (1, 2), (7, 2)])
        {
            context.Report($"batch {size}, {workers} workers");
            int differ = Outcomes(size, workers, null).Zip(reference).Count(p => p.First != p.Second);
            claims.Add(new($"batch {size}, {workers} worker(s): images of another fate or cost", "0 of 64", $"{differ} of 64", differ == 0));
        }

        string folder = Path.Combine(Path.GetTempPath(), $"espalier-{Guid.NewGuid():N}");
        try
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            var half = new StopAtHalf(stop);
            bool interrupted = false;
            try
            {
                Outcomes(7, 1, folder, half, stop.Token);
            }
            catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
            {
                interrupted = true;
            }

            int differ = Outcomes(7, 1, folder).Zip(reference).Count(p => p.First != p.Second);
            claims.Add(new("interrupted half-way and continued: images of another fate or cost", "0 of 64", $"{differ} of 64", interrupted && differ == 0));
        }
        finally
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive: true);
        }

        return new("invariance", $"tiny_at, 0.2, the first 64 test images, {Policy}; the stage that fooled an image and the gradients it took, beside one batch of 64.", claims, []);

        IReadOnlyList<(int Stage, long Gradients)> Outcomes(int size, int workers, string? checkpoint, IProgress<double>? progress = null, CancellationToken stop = default)
        {
            CompositeAttack attack = AttackPolicy.Parse(Policy).Build(Norm.LInf, 0.2, batchSize: size);
            using EvaluatedRobustness found = new RobustnessEvaluation(new() { Workers = workers, Checkpoint = checkpoint }).Run(victim.Classifier, batch.Inputs, batch.Labels, attack, progress, stop);
            return [.. found.Report.Outcomes.Select(o => (o.Stage, o.Gradients))];
        }
    }

    private sealed class StopAtHalf(CancellationTokenSource stop) : IProgress<double>
    {
        public void Report(double value)
        {
            if (value >= 0.5)
                stop.Cancel();
        }
    }
}
