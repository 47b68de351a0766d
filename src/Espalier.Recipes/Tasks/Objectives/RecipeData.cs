using System.Globalization;
using Espalier.Data.Catalog;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Corpora;
using Espalier.Language.Tokenizers;
using Espalier.Recipes.Engine;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>A recipe's data as its model takes it: numbers as they are, text as tokens.</summary>
public sealed class RecipeData : IDisposable
{
    private RecipeData(LoadedData loaded, RecipeLanguage? language) => (Loaded, Language) = (loaded, language);

    /// <summary>The data, cut into training, validation and test parts.</summary>
    public LoadedData Loaded { get; }

    /// <summary>How it was tokenised; null where it is no text.</summary>
    public RecipeLanguage? Language { get; }

    /// <summary>Loads the data of a recipe.</summary>
    /// <param name="recipe">Says which.</param>
    /// <param name="run">The folder of a run whose tokenizer is to be taken, if it holds one; else the recipe says which.</param>
    /// <exception cref="OptionsException">An option is out of range.</exception>
    /// <exception cref="NotFoundException">There is no data set of that name.</exception>
    /// <exception cref="DataException">Files are missing or bad.</exception>
    public static RecipeData Load(Recipe recipe, string? run = null) => OptionsException.Within("data", () =>
    {
        if (!DataCatalog.Default.Find(recipe.Data.Name).IsText)
            return new RecipeData(DataCatalog.Default.Load(recipe.Data), null);
        LoadedText text = DataCatalog.Default.LoadText(recipe.Data);
        TextOptions options = recipe.Data.Text;
        if (run is not null && File.Exists(TokenizerFactory.PathIn(run)))
            options = options with { Tokenizer = new() { Kind = TokenizerKind.File, Path = TokenizerFactory.PathIn(run) } };
        TokenizedText encoded = OptionsException.Within("text", () => TextEncoding.Encode(text, options, TextRecipe.Needed(recipe), TextRecipe.ExtraTokens(recipe)));
        long texts = new[] { text.Train, text.Validation, text.Test }.Distinct(ReferenceEqualityComparer.Instance).Sum(t => (long)((TextDocuments)t!).Documents.Count);
        return new RecipeData(new LoadedData(text.Info, encoded.Splits, text.Checksums) { Samples = texts }, new RecipeLanguage(encoded.Tokenizer, encoded.CharactersPerToken) { IsWindows = encoded.IsWindows });
    });

    /// <summary>What a run's folder must hold for the data to be read the same way again.</summary>
    /// <param name="run">The run's folder.</param>
    internal void Save(string run) => Language?.Tokenizer.Save(TokenizerFactory.PathIn(run));

    /// <summary>Its size, for people.</summary>
    internal string Describe()
    {
        string sizes = string.Create(CultureInfo.InvariantCulture, $"{Loaded.Info.Name}: {Loaded.Splits.Train.Count:N0} train, {Loaded.Splits.Validation.Count:N0} validation, {Loaded.Splits.Test.Count:N0} test");
        if (Language is { } language)
            sizes += string.Create(CultureInfo.InvariantCulture, $", {language.Tokenizer.VocabularySize:N0} tokens");
        if (Loaded.LeftOut > 0)
            sizes += string.Create(CultureInfo.InvariantCulture, $", {Loaded.LeftOut:N0} left out");
        return string.Concat([sizes, .. Loaded.Warnings.Select(w => $"; warning: {w}")]);
    }

    /// <inheritdoc/>
    public void Dispose() => Loaded.Dispose();
}
