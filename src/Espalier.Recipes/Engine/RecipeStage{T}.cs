using System.ComponentModel;
using System.Reflection;
using Espalier.Errors;

namespace Espalier.Recipes.Engine;

/// <summary>
/// What a recipe does with a trained model: a section of the recipe under <see cref="RecordedWork.Key"/> with options of its own, work, a record, numbers and a part of the
/// report. Register it with <see cref="EspalierCatalog"/>; the JSON schema, "did you mean" and the report follow.
/// </summary>
/// <typeparam name="TNeeds">What the stage needs of the model, such as <see cref="Models.IScoringClassifier"/>; a model that does not give it is refused by name.</typeparam>
/// <typeparam name="TOptions">Its section: a record with <c>init</c> properties and defaults.</typeparam>
/// <typeparam name="TRecord">What it leaves.</typeparam>
public abstract class RecipeStage<TNeeds, TOptions, TRecord> : RecordedWork<TRecord>, IRecipeStage
    where TNeeds : class
    where TOptions : class
    where TRecord : class
{
    Type IRecipeStage.OptionsType => typeof(TOptions);

    /// <summary>Does the work.</summary>
    /// <param name="model">The model.</param>
    /// <param name="options">The stage's section of the recipe.</param>
    /// <param name="context">Seed, progress, interruption.</param>
    public abstract TRecord Run(TNeeds model, TOptions options, StageContext context);

    /// <summary>Checks the section before anything is loaded. Default: nothing is refused.</summary>
    /// <param name="options">The section.</param>
    /// <param name="recipe">The whole recipe.</param>
    /// <exception cref="OptionsException">A value is out of range, or does not go with the rest of the recipe.</exception>
    public virtual void Validate(TOptions options, Recipe recipe)
    {
    }

    /// <summary>Whether the stage has anything to do with a model; where not it is passed over although the recipe names it. Default: yes.</summary>
    public virtual bool Applies(TrainedModel model) => true;

    private static string Needed() => typeof(TNeeds).GetCustomAttribute<DescriptionAttribute>()?.Description ?? typeof(TNeeds).Name;

    void IRecipeStage.Check(object options, Recipe recipe) => OptionsException.Within(Key, () => Validate((TOptions)options, recipe));

    string IRecipeStage.Execute(TrainedModel model, object options, StageContext context)
    {
        TNeeds needs = model.As<TNeeds>() ?? throw new OptionsException(Key, "set", $"needs {Needed()}; the task of this recipe gives {model.Offers}: leave the section out");
        TRecord record = OptionsException.Within(Key, () => Run(needs, (TOptions)options, context));
        Keep(record, context.Run);
        return Describe(record);
    }
}
