namespace Espalier.Recipes.Engine;

/// <summary>A stage as the engine sees it, whatever the types of its options and record.</summary>
internal interface IRecipeStage
{
    /// <summary>The type of its section in a recipe.</summary>
    Type OptionsType { get; }

    /// <summary>Checks its section.</summary>
    void Check(object options, Recipe recipe);

    /// <summary>Whether it has anything to do with a model.</summary>
    bool Applies(TrainedModel model);

    /// <summary>Runs it and keeps its record.</summary>
    /// <returns>What it came to, in a few words.</returns>
    string Execute(TrainedModel model, object options, StageContext context);
}
