namespace Espalier.Recipes.Engine;

/// <summary>A task as the engine sees it, whatever the type of its options.</summary>
internal interface IRecipeTask
{
    /// <summary>The value of <c>task.kind</c>.</summary>
    string Kind { get; }

    /// <summary>The type of the section <c>task</c> with this kind.</summary>
    Type OptionsType { get; }

    /// <summary>Other records that it leaves, for the report.</summary>
    IReadOnlyList<RecordedWork> Works { get; }

    /// <summary>Checks the section and what the task needs of the rest of the recipe.</summary>
    void Check(object options, Recipe recipe);

    /// <summary>Trains.</summary>
    /// <returns>The model; null where the training was interrupted, or on ranks beside the first.</returns>
    TrainedModel? Execute(object options, TaskContext context);
}
