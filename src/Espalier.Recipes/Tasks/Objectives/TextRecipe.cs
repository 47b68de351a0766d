using Espalier.Anomaly.Exposure;
using Espalier.Data;
using Espalier.Data.Text;
using Espalier.Errors;
using Espalier.Language.Objectives;
using Espalier.Language.Tokenizers;
using Espalier.Networks;
using Espalier.Networks.Encoders;
using Espalier.Networks.Text;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What a recipe on text comes to: which model, which objective, and what cannot be asked of it.</summary>
internal static class TextRecipe
{
    /// <summary>Refuses what makes no sense on text, before anything is loaded.</summary>
    /// <exception cref="OptionsException">A section or value is not for text.</exception>
    public static void Validate(Recipe recipe)
    {
        ObjectiveKind kind = recipe.Objective.Kind;
        OptionsException.Require(ModelZoo.TextNames.Contains(recipe.Model.Name), "model.name", recipe.Model.Name, $"must read text, such as {string.Join(", ", ModelZoo.TextNames.Take(3))}: '{recipe.Data.Name}' is text");
        OptionsException.Require(recipe.Objective.IsLanguageModel || kind is ObjectiveKind.Classification or ObjectiveKind.Confidence, "objective.kind", kind, "must be classification, confidence, maskedLanguageModel or causalLanguageModel: the others are for images");
        OptionsException.Require(recipe.Objective.Augmentation is null, "objective.augmentation", "set", "is for images; text has wordDropout");
        OptionsException.Require(recipe.Objective.WordDropout == 0 || kind == ObjectiveKind.Classification, "objective.wordDropout", recipe.Objective.WordDropout, "belongs to kind classification");
        Refuse(recipe.Probe, "probe", "is for encoders of images");
        Refuse(recipe.Attack, "attack", "changes numbers a little, and tokens are no numbers");
        OptionsException.Require(recipe.Detect is null || kind != ObjectiveKind.MaskedLanguageModel, "detect", "set", "belongs to classification and causal language models: a masked one gives no likelihood of a text");
        OptionsException.Within("detect", () => recipe.Detect?.ValidateForText());
        Refuse(recipe.Explain, "explain", "changes numbers a little, and tokens are no numbers");
    }

    /// <summary>Tokens of a row beyond those that the model reads: a causal model is asked for the next one.</summary>
    public static int ExtraTokens(Recipe recipe) => recipe.Objective.Kind == ObjectiveKind.CausalLanguageModel ? 1 : 0;

    /// <summary>The special tokens that a recipe's task needs.</summary>
    public static IEnumerable<SpecialToken> Needed(Recipe recipe)
    {
        if (recipe.Objective.Kind == ObjectiveKind.MaskedLanguageModel)
            yield return SpecialToken.Mask;
        // Foreign text holds what the own does not.
        bool isForeignRead = recipe.Objective.OutlierExposure is not null || (recipe.Objective.IsLanguageModel && recipe.Detect is not null);
        if (recipe.Objective.WordDropout > 0 || isForeignRead)
            yield return SpecialToken.Unknown;
    }

    /// <summary>Makes the model of a recipe, on the CPU.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="language">The tokenizer of the data.</param>
    /// <param name="classes">Number of classes; unused by a language model.</param>
    public static Module CreateModel(Recipe recipe, RecipeLanguage language, int classes) => OptionsException.Within("model", () =>
    {
        ModelOptions options = recipe.Model;
        SpecialTokens specials = language.Tokenizer.Specials;
        TextEncoder encoder = ModelZoo.CreateText(options, language.Tokenizer.VocabularySize, recipe.Data.Text.Length, new TextTokens(specials.Pad, specials.Separator), recipe.Seed);
        if (options.Weights is { } weights)
        {
            RequireSameTokenizer(weights, language.Tokenizer);
            PretrainedEncoder.Load(encoder, weights, options.WeightsAveraged);
        }

        return (Module)(recipe.Objective.Kind switch
        {
            ObjectiveKind.MaskedLanguageModel => new MaskedLanguageModel(encoder, options.TextHead.Mlm, recipe.Seed),
            ObjectiveKind.CausalLanguageModel => new CausalLanguageModel(encoder),
            _ when recipe.Objective.HasExtraOutput => new ExtraOutput(new SequenceClassifier(encoder, classes + 1, options.TextHead.Pooling, options.TextHead.Dropout, recipe.Seed), classes),
            _ => new SequenceClassifier(encoder, classes, options.TextHead.Pooling, options.TextHead.Dropout, recipe.Seed),
        });
    });

    /// <summary>Makes the objective of a model that <see cref="CreateModel"/> made.</summary>
    public static ObjectiveOnData CreateObjective(Recipe recipe, RecipeLanguage language, Module model) => OptionsException.Within<ObjectiveOnData>("objective", () =>
    {
        switch (model)
        {
            case MaskedLanguageModel masked:
                var hidden = new MaskedLanguageObjective(masked, language.Tokenizer, recipe.Objective.Masking, recipe.Seed);
                return new ObjectiveOnData<MaskedTokenBatch>(hidden, d => hidden.ForTraining(Tokens(d)), d => hidden.ForEvaluation(Tokens(d)));
            case CausalLanguageModel causal:
                return new ObjectiveOnData<TokenBatch>(new CausalLanguageObjective(causal, language.CharactersPerToken), Tokens, Tokens);
            default:
                var options = new TextClassificationOptions { LabelSmoothing = recipe.Objective.LabelSmoothing, WordDropout = recipe.Objective.WordDropout };
                return new ObjectiveOnData<LabelledBatch>(new TextClassificationObjective(model, language.Tokenizer, options, recipe.Seed), d => d, d => d);
        }
    });

    private static ISampleSource<TokenBatch> Tokens(Dataset data) => data.Tokens();

    private static void Refuse(object? section, string name, string why) =>
        OptionsException.Require(section is null, name, "set", $"{why}: leave the section out on text");

    // An embedding of other tokens would be loaded without a word, and mean nothing.
    private static void RequireSameTokenizer(string weights, Tokenizer tokenizer)
    {
        string file = TokenizerFactory.PathIn(weights);
        OptionsException.Require(!File.Exists(file) || Tokenizer.Load(file).IsSameAs(tokenizer), "weights", weights,
            "was trained with another tokenizer: set data.text.tokenizer to { \"kind\": \"file\", \"path\": that run }");
    }
}
