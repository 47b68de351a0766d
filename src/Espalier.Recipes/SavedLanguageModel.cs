using Espalier.Errors;
using Espalier.Language.Generation;
using Espalier.Language.Tokenizers;
using Espalier.Models;
using Espalier.Networks.Text;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Store;

namespace Espalier.Recipes;

/// <summary>The causal language model of a finished run, ready to write.</summary>
public sealed class SavedLanguageModel : IDisposable
{
    private readonly CausalLanguageModel _model;

    private SavedLanguageModel(CausalLanguageModel model, Tokenizer tokenizer, Recipe recipe)
    {
        (_model, Recipe) = (model, recipe);
        Tokenizer = tokenizer;
        Generator = new TextGenerator(model, tokenizer);
    }

    /// <summary>The recipe it was trained with.</summary>
    public Recipe Recipe { get; }

    /// <summary>The tokenizer it was trained with.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Writes text with it.</summary>
    public TextGenerator Generator { get; }

    /// <summary>Opens a run; its data is not needed.</summary>
    /// <param name="path">Its folder, or <c>last</c> for the newest one that has weights and a tokenizer.</param>
    /// <param name="device">Where tensors shall live.</param>
    /// <param name="ema">Whether to take the averaged weights; where null, they are taken if there are any.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="OptionsException">The run is not one of a causal language model.</exception>
    /// <exception cref="CheckpointException">The run has no weights, or they are broken.</exception>
    /// <exception cref="DataException">The tokenizer is missing or broken.</exception>
    public static SavedLanguageModel Open(string path, torch.Device device, bool? ema = null)
    {
        using Run run = Run.Open(path, eligible: folder => File.Exists(Path.Combine(folder, Models.ModelWeights.FileName)) && File.Exists(TokenizerFactory.PathIn(folder)));
        Recipe recipe = RecipeRun.RecipeOf(run, BuiltIn.Catalog);
        OptionsException.Require(recipe.Objective.Kind == ObjectiveKind.CausalLanguageModel, "objective.kind", recipe.Objective.Kind, "must be causalLanguageModel for a run that is to write: only such a model knows what comes next");
        if (!File.Exists(run.WeightsPath))
            throw new CheckpointException(run.WeightsPath, "the run has no weights", $"finish it first: espalier run --resume {path}");
        Tokenizer tokenizer = Tokenizer.Load(TokenizerFactory.PathIn(run.Folder));
        var model = (CausalLanguageModel)TextRecipe.CreateModel(recipe with { Model = recipe.Model with { Weights = null } }, new RecipeLanguage(tokenizer, 1), classes: 0);
        try
        {
            ModelWeights.Load(model, run.WeightsPath, ema ?? ModelWeights.HasEma(run.WeightsPath) ? ModelWeights.EmaPrefix : "");
            model.to(device);
            model.eval();
            return new SavedLanguageModel(model, tokenizer, recipe);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
