using Espalier.Communication;
using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;

namespace Espalier.Recipes;

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
        using RecipeData data = RecipeData.Load(_recipe);
        DatasetSplits splits = data.Loaded.Splits.To(_device);
        RecipeRun.RequireAgreement(_ranks, _recipe, data.Loaded);
        using TrainingObjective trained = TrainingObjective.Create(_recipe, splits.Train, data.Language);
        using TrainingResult result = OptionsException.Within("train", () => trained.OnData.Fit(_recipe.SeededTraining, splits, new() { Checkpoints = new CheckpointFolder(_checkpoints), Resume = resume, Ranks = _ranks }, cancellationToken));
        return result.Outcome != TrainingOutcome.Interrupted;
    }
}
