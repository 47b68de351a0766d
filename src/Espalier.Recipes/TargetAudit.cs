using System.Diagnostics;
using System.Globalization;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Runs.Store;

namespace Espalier.Recipes;

/// <summary>Audits models that are no run's as those of runs are audited: record, numbers and report in a run's folder.</summary>
/// <param name="target">The model and its data.</param>
/// <param name="run">Where record, numbers and report go.</param>
/// <param name="seed">What all that is random derives from.</param>
/// <param name="progress">Told how far it is.</param>
/// <param name="cancellationToken">Stops.</param>
public sealed class TargetAudit(AuditTarget target, Run run, int seed = 0, IProgress<StageProgress>? progress = null, CancellationToken cancellationToken = default)
{
    /// <summary>Accuracy and calibration on the test split.</summary>
    /// <param name="options">How the model is judged.</param>
    /// <returns>Whether it was completed; otherwise it was cancelled.</returns>
    /// <exception cref="OptionsException">The model gives labels only.</exception>
    public bool Evaluate(EvaluateOptions options) => Audit("evaluate", new Recipe { Catalog = BuiltIn.Catalog }.With(options),
        () => new EvaluateRecord(target.Splits.Test.ClassNames, target.Splits.Test.Count, EvaluateStage.Run(target.Classifier as IScoringClassifier
            ?? throw new OptionsException("model", target.Name, "must give probabilities: of labels there is no calibration"), target.Splits.Test, options), null),
        r => EvaluateStage.Summarize("evaluate", r.Raw),
        r => string.Create(CultureInfo.InvariantCulture, $"test accuracy {r.Raw.Accuracy:P2} on {r.Samples:N0} samples of {target.Splits.Test.Name}"));

    /// <summary>What is left under attack.</summary>
    /// <param name="options">Which attacks.</param>
    /// <returns>Whether it was completed; otherwise it was cancelled.</returns>
    /// <exception cref="OptionsException">The model does not offer what an attack needs.</exception>
    public bool Attack(AttackOptions options) => Audit("attack", new Recipe { Catalog = BuiltIn.Catalog, Seed = seed }.With(options),
        () => AttackStage.Run(target.Classifier, target.Splits.Test, seed, options, new Share(progress), cancellationToken),
        AttackStage.Summarize,
        new AttackStage().Describe);

    private bool Audit<T>(string stage, Recipe recipe, Func<T> work, Func<T, IEnumerable<(string Name, double Value)>> summarize, Func<T, string> describe)
    {
        try
        {
            progress?.Report(new StageProgress(stage, 0));
            long start = Stopwatch.GetTimestamp();
            run.Update(m => m with { DataChecksums = target.Checksums });
            T record = OptionsException.Within(stage, work);
            StageFile.Write(run, stage, record);
            foreach ((string name, double value) in summarize(record))
                run.Summary.Set(name, value);
            run.Summary.Set($"{stage}.seconds", Stopwatch.GetElapsedTime(start).TotalSeconds);
            run.Summary.Save();
            RunReport.Write(run, recipe with { Name = target.Name, Title = target.Name });
            run.Finish(RunStatus.Completed);
            progress?.Report(new StageProgress(stage, 1, describe(record)));
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
