using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Corpora;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>Outliers in the form of a recipe's data.</summary>
public static class RecipeOutliers
{
    /// <summary>What a recipe's model is exposed to in training, on the device of the training data.</summary>
    /// <param name="recipe">The recipe; its objective says which outliers.</param>
    /// <param name="train">The training data.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    /// <exception cref="NotFoundException">There are no such outliers.</exception>
    /// <exception cref="DataException">They are not on this machine, or in another form than the data.</exception>
    public static Dataset ForTraining(Recipe recipe, Dataset train, RecipeLanguage? language) => OptionsException.Within("objective.outlierExposure", () =>
    {
        ExposureOptions options = recipe.Objective.OutlierExposure ?? throw new OptionsException("dataset", null, "must name the outliers");
        using var scope = torch.NewDisposeScope();
        if (language is not null)
        {
            Dataset text = language.IsWindows
                ? Windows(options.Dataset, forTraining: true, recipe, language, options.Count)
                : Encoded(TextDocumentsOf(options.Dataset, forTraining: true, options.MinimumWords, options.MaximumWords, options.Count), recipe, language);
            return text.To(train.Device);
        }

        Tensor inputs = OutlierSource.OpenForTraining(options.Dataset).Load(new OutlierRequest
        {
            Shape = train.InputShape,
            Bounds = train.Bounds,
            Count = options.Count,
            Seed = recipe.Seed,
            Inliers = train,
        });
        return new Dataset(options.Dataset, inputs.clone(), torch.zeros(inputs.shape[0], dtype: torch.int64), ["outlier"], train.Bounds).To(train.Device);
    });

    /// <summary>Texts to test a recipe's model with.</summary>
    /// <param name="name">A text of the catalogue; its test part where it has one.</param>
    /// <param name="recipe">Says how texts are cut.</param>
    /// <param name="language">The tokenizer of the data.</param>
    /// <param name="device">Where they shall be.</param>
    /// <exception cref="NotFoundException">There is no such text.</exception>
    /// <exception cref="DataException">It is not on this machine.</exception>
    public static Dataset TextForTest(string name, Recipe recipe, RecipeLanguage language, torch.Device device) =>
        (language.IsWindows ? Windows(name, forTraining: false, recipe, language, null) : Encoded(TextDocumentsOf(name, forTraining: false, 1, int.MaxValue, null), recipe, language)).To(device);

    private static TextDocuments TextDocumentsOf(string name, bool forTraining, int minimumWords, int maximumWords, int? count)
    {
        TextDocuments all = PartsOf(name, forTraining);
        all = IsRunning(all) ? Sentences.Of(all, minimumWords, maximumWords)
            : new TextDocuments(all.Name, [.. all.Documents.Where(d => Sentences.HasWords(d, minimumWords, maximumWords))]);
        return count is { } most && most < all.Documents.Count ? all.Subset(all.Name, [.. Enumerable.Range(0, most)]) : all;
    }

    private static TextDocuments PartsOf(string name, bool forTraining)
    {
        LoadedText text = DataCatalog.Default.LoadText(new() { Name = name });
        // Running text has nothing that is learned from it here: all parts are outliers.
        TextDocuments[] parts = text.Train.Labels is null ? [.. ((TextDocuments[])[text.Train, text.Validation, text.Test]).DistinctBy(p => p.Documents[0])]
            : forTraining ? [text.Train, text.Validation] : [text.Test];
        return new TextDocuments(text.Info.Name, [.. parts.SelectMany(p => p.Documents)]);
    }

    // Cut as the training text is, side by side.
    private static Dataset Windows(string name, bool forTraining, Recipe recipe, RecipeLanguage language, int? most) => TextEncoding.Windows(
        language.Tokenizer, PartsOf(name, forTraining), recipe.Data.Text.Length + TextRecipe.ExtraTokens(recipe), recipe.Data.Text.Length, most);

    private static bool IsRunning(TextDocuments text) => text.Documents.Any(d => d.Contains('\n', StringComparison.Ordinal));

    private static Dataset Encoded(TextDocuments documents, Recipe recipe, RecipeLanguage language)
    {
        TextOptions options = recipe.Data.Text;
        return TextEncoding.Rows(language.Tokenizer, documents, [], options.Length + TextRecipe.ExtraTokens(recipe), options.Framing, options.Padding);
    }
}
