using System.Diagnostics;
using System.Text.Json;
using Espalier.Communication;
using Espalier.Errors;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>
/// Runs a recipe from data to report into a run's folder: its task, then its stages. Each leaves a record and its numbers as soon as it is
/// done, so that a run that ends early has lost nothing that was finished.
/// </summary>
public sealed class RecipeRun
{
    private readonly Recipe _recipe;
    private readonly Run _run;
    private readonly torch.Device _device;
    private readonly IProgress<StageProgress>? _progress;
    private readonly ICommunicator _ranks;

    /// <summary>Prepares the run of a recipe.</summary>
    /// <param name="recipe">What to run; checked.</param>
    /// <param name="run">Where everything is written.</param>
    /// <param name="device">Where tensors live.</param>
    /// <param name="progress">Told how far each stage is, on the calling thread.</param>
    /// <param name="ranks">The processes that train together, of which this is rank 0 and the others run a <see cref="RecipeWorker"/>; this one alone where null.</param>
    public RecipeRun(Recipe recipe, Run run, torch.Device device, IProgress<StageProgress>? progress = null, ICommunicator? ranks = null) =>
        (_recipe, _run, _device, _progress, _ranks) = (recipe, run, device, progress, ranks ?? SingleProcess.Instance);

    /// <summary>The options of a recipe as a run's manifest keeps them.</summary>
    public static System.Text.Json.Nodes.JsonNode OptionsOf(Recipe recipe) => JsonSerializer.SerializeToNode(recipe, recipe.Catalog.Json)!;

    /// <summary>The recipe that a run was started with.</summary>
    /// <param name="run">The run.</param>
    /// <param name="catalog">What recipes may name.</param>
    /// <exception cref="DataException">The manifest holds none.</exception>
    public static Recipe RecipeOf(Run run, EspalierCatalog catalog) => run.Manifest.Options is { } options
        ? RecipeDocument.Parse(run.ManifestPath, options.ToJsonString(), catalog).Bind()
        : throw new DataException(run.ManifestPath, "holds no options", "name the folder of a run made by 'espalier run'");

    /// <summary>Runs task and stages. What is left of an earlier sitting is continued.</summary>
    /// <param name="resume">Continue from the last checkpoint of the run.</param>
    /// <param name="cancellationToken">Ends the training after the current step with a checkpoint, or the stage under way.</param>
    /// <returns>Whether it was completed; otherwise it was cancelled.</returns>
    /// <exception cref="EspalierException">Whatever is wrong with options, data or training; the run is marked as failed.</exception>
    public bool Execute(bool resume, CancellationToken cancellationToken)
    {
        try
        {
            bool completed = Work(resume, cancellationToken);
            _run.Finish(completed ? RunStatus.Completed : RunStatus.Interrupted);
            return completed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            _run.Finish(RunStatus.Interrupted);
            return false;
        }
        catch (EspalierException error)
        {
            _run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    private bool Work(bool resume, CancellationToken cancellationToken)
    {
        Stopwatch clock = Stopwatch.StartNew();
        double earlier = resume ? _run.Summary["total.seconds"] ?? 0 : 0;
        RankAgreement.Require(_ranks, "the recipe", OptionsOf(_recipe).ToJsonString());
        (IRecipeTask task, object options) = _recipe.Catalog.TaskOf(_recipe);
        var context = new TaskContext(_recipe, _run, _run.CheckpointFolder, _device, _ranks, resume, _progress, cancellationToken);
        using TrainedModel? model = task.Execute(options, context);
        Set("total.seconds", earlier + clock.Elapsed.TotalSeconds);
        if (model is null)
            return false;
        StageRunner.Run(_recipe, model, _run, _progress, cancellationToken);
        context.Report("report", 0);
        Set("total.seconds", earlier + clock.Elapsed.TotalSeconds);
        using (var process = Process.GetCurrentProcess())
            Set("memory.peakMiB", process.PeakWorkingSet64 / 1048576.0);
        _run.Summary.Save();
        RunReport.Write(_run, _recipe);
        context.Report("report", 1, "written");
        return true;
    }

    private void Set(string name, double value) => _run.Summary.Set(name, value);
}
