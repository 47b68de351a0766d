using Espalier.Errors;

namespace Espalier.Recipes.Engine;

/// <summary>
/// What a recipe trains, bound by <c>"task": { "kind": ... }</c> with options of its own. Register it with <see cref="EspalierCatalog.Add{TOptions}(RecipeTask{TOptions})"/>.
/// </summary>
/// <typeparam name="TOptions">The section: a record with <c>init</c> properties and defaults.</typeparam>
public abstract class RecipeTask<TOptions> : IRecipeTask
    where TOptions : class
{
    /// <summary>The value of <c>task.kind</c>, in lower camel case.</summary>
    public abstract string Kind { get; }

    /// <summary>Other records that the task leaves, for the report. Default: none beside that of the training.</summary>
    public virtual IReadOnlyList<RecordedWork> Works => [];

    Type IRecipeTask.OptionsType => typeof(TOptions);

    /// <summary>Loads the data, makes network and objective, and trains by <see cref="TaskContext.Fit{TBatch}"/>.</summary>
    /// <param name="options">The section <c>task</c>.</param>
    /// <param name="context">Seed, device, ranks, run, progress, interruption.</param>
    /// <returns>The model for the stages; null where the training was interrupted.</returns>
    public abstract TrainedModel? Run(TOptions options, TaskContext context);

    /// <summary>Checks the section before anything is loaded. Default: nothing is refused.</summary>
    /// <param name="options">The section.</param>
    /// <param name="recipe">The whole recipe.</param>
    /// <exception cref="OptionsException">A value is out of range, or does not go with the rest of the recipe.</exception>
    public virtual void Validate(TOptions options, Recipe recipe)
    {
    }

    void IRecipeTask.Check(object options, Recipe recipe)
    {
        if (recipe.Task is null)
            Validate((TOptions)options, recipe);
        else
            OptionsException.Within("task", () => Validate((TOptions)options, recipe));
    }

    TrainedModel? IRecipeTask.Execute(object options, TaskContext context) => Run((TOptions)options, context);
}
