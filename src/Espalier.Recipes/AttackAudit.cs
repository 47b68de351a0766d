using System.Diagnostics;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Runs;

namespace Espalier.Recipes;

/// <summary>Attacks models that are no run's as those of runs are attacked.</summary>
public static class AttackAudit
{
    /// <summary>Attacks a model, into a run's folder.</summary>
    /// <param name="target">The model and its data.</param>
    /// <param name="options">How.</param>
    /// <param name="seed">What all that is random derives from.</param>
    /// <param name="run">Where record, numbers and report go.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>Whether it was completed; otherwise it was cancelled.</returns>
    public static bool Attack(AuditTarget target, AttackOptions options, int seed, Run run, IProgress<StageProgress>? progress, CancellationToken cancellationToken = default)
    {
        try
        {
            progress?.Report(new StageProgress("attack", 0));
            long start = Stopwatch.GetTimestamp();
            run.Update(m => m with { DataChecksums = target.Checksums });
            AttackRecord record = OptionsException.Within("attack", () => AttackStage.Run(target.Classifier, target.Splits.Test, seed, options, new Share(progress), cancellationToken));
            StageFile.Write(run, "attack", record);
            foreach ((string name, double value) in AttackStage.Summarize(record))
                run.Summary.Set(name, value);
            run.Summary.Set("attack.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
            run.Summary.Save();
            RunReport.Write(run, new Recipe { Name = target.Name, Title = target.Name, Seed = seed, Attack = options });
            run.Finish(RunStatus.Completed);
            progress?.Report(new StageProgress("attack", 1, AuditStages.Describe(record)));
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run.Finish(RunStatus.Interrupted);
            return false;
        }
        catch (EspalierException error)
        {
            run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    private sealed class Share(IProgress<StageProgress>? whole) : IProgress<double>
    {
        public void Report(double value) => whole?.Report(new StageProgress("attack", value));
    }
}
