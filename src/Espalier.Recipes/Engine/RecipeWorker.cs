using Espalier.Communication;
using Espalier.Errors;

namespace Espalier.Recipes.Engine;

/// <summary>
/// A rank beside rank 0 in the run of a recipe: it trains along and writes nothing. Rank 0 runs a <see cref="RecipeRun"/>,
/// alone in what comes after the training.
/// </summary>
public sealed class RecipeWorker
{
    private readonly Recipe _recipe;
    private readonly string _checkpoints;
    private readonly torch.Device _device;
    private readonly ICommunicator _ranks;

    /// <summary>Prepares this rank's part.</summary>
    /// <param name="recipe">The recipe of rank 0.</param>
    /// <param name="checkpoints">Where rank 0 writes checkpoints: read from when the run is resumed.</param>
    /// <param name="device">Where tensors live.</param>
    /// <param name="ranks">The processes that train together.</param>
    public RecipeWorker(Recipe recipe, string checkpoints, torch.Device device, ICommunicator ranks) =>
        (_recipe, _checkpoints, _device, _ranks) = (recipe, checkpoints, device, ranks);

    /// <summary>Trains along.</summary>
    /// <param name="resume">Continue from the last checkpoint of the run.</param>
    /// <param name="cancellationToken">Asks all ranks to end after the current step.</param>
    /// <returns>Whether the training was completed; otherwise it was cancelled.</returns>
    /// <exception cref="EspalierException">Whatever is wrong with options, data or training.</exception>
    public bool Execute(bool resume, CancellationToken cancellationToken)
    {
        RankAgreement.Require(_ranks, "the recipe", RecipeRun.OptionsOf(_recipe).ToJsonString());
        (IRecipeTask task, object options) = _recipe.Catalog.TaskOf(_recipe);
        using TrainedModel? model = task.Execute(options, new TaskContext(_recipe, null, _checkpoints, _device, _ranks, resume, null, cancellationToken));
        return model is not null;
    }
}
