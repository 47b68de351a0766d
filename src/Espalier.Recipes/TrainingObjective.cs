using Espalier.Anomaly;
using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Networks;
using Espalier.Recipes.Stages;
using Espalier.Representation;
using Espalier.Robustness;
using Espalier.Training;

using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes;

/// <summary>What a recipe trains: the objective, with everything that must live as long as it.</summary>
internal sealed class TrainingObjective : IDisposable
{
    private readonly IDisposable[] _owned;

    private TrainingObjective(Objective objective, params IDisposable[] owned) => (Objective, _owned) = (objective, owned);

    public Objective Objective { get; }

    /// <summary>Makes the objective of a recipe, on the device of the data.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="train">The training data.</param>
    /// <param name="language">The tokenizer of the data where it is text.</param>
    public static TrainingObjective Create(Recipe recipe, Dataset train, RecipeLanguage? language = null)
    {
        ObjectiveOptions options = recipe.Objective;
        if (language is not null)
        {
            Module reader = TextRecipe.CreateModel(recipe, language, train.ClassCount);
            reader.to(train.Device);
            if (options.OutlierExposure is not null)
                return Exposed(recipe, reader, train, language);
            return new(TextRecipe.CreateObjective(recipe, language, reader), reader);
        }

        SelfSupervisionOptions shared = options.SelfSupervision with { Encoder = recipe.Model.Encoder };
        switch (options.Kind)
        {
            case ObjectiveKind.Byol:
                var byol = OptionsException.Within("objective", () => new Byol(options.Byol, shared, train, recipe.Seed));
                return new(byol, byol);
            case ObjectiveKind.SimClr:
                var simClr = OptionsException.Within("objective", () => new SimClr(options.SimClr, shared, train, recipe.Seed));
                return new(simClr, simClr);
            case ObjectiveKind.Dino:
                var dino = OptionsException.Within("objective", () => new Dino(options.Dino, shared, train, recipe.Seed));
                return new(dino, dino);
            case ObjectiveKind.PseudoLabels:
                Module student = Classifier(recipe, train);
                Module teacher = Classifier(recipe, train);
                var pseudo = OptionsException.Within("objective.pseudoLabels", () => new TeacherStudent(student, teacher, train, options.PseudoLabels, recipe.Seed));
                return new(pseudo, pseudo, student, teacher);
            case ObjectiveKind.Adversarial:
                Module defended = Classifier(recipe, train);
                return new(OptionsException.Within("objective.adversarial", () => new AdversarialTraining(defended, train, options.Adversarial, recipe.Seed, WeightDecay.Applies)
                {
                    Augmenter = options.Augmentation is { } changes ? new ImageAugmenter(changes, recipe.Seed, train.Bounds) : null,
                }), defended);
            default:
                Module model = Classifier(recipe, train);
                if (options.OutlierExposure is not null)
                    return Exposed(recipe, model, train, null);
                return new(new ClassificationObjective(model, options.LabelSmoothing, WeightDecay.Applies)
                {
                    Augmenter = options.Augmentation is { } augmentation ? OptionsException.Within("objective.augmentation", () => new ImageAugmenter(augmentation, recipe.Seed, train.Bounds)) : null,
                    Mixer = options.Mixing is { } mixing ? new BatchMixer(mixing, recipe.Seed) : null,
                }, model);
        }
    }

    /// <summary>
    /// Writes the weights of the classifier that the recipe's model is; of a self-supervised network the encoder counts, and
    /// the head is to come from a probe.
    /// </summary>
    public void Save(Recipe recipe, Dataset train, string path, ModelEma? ema, IReadOnlyDictionary<string, string> metadata)
    {
        RepresentationNetwork? network = Objective switch
        {
            Byol byol => byol.Online,
            SimClr simClr => simClr.Network,
            Dino dino => dino.Student,
            _ => null,
        };
        if (network is null)
        {
            Models.ModelWeights.Save(Objective.Model, path, ema, metadata);
            return;
        }

        using var classifier = new EncoderClassifier(recipe.Model.Encoder.Create(train.InputShape, recipe.Seed), Math.Max(2, train.ClassCount), recipe.Seed);
        var tensors = new List<KeyValuePair<string, Tensor>>();
        using var scope = torch.NewDisposeScope();
        Add("");
        if (ema is not null)
        {
            using IDisposable swap = ema.Swap();
            Add(Models.ModelWeights.EmaPrefix);
        }

        Models.SafetensorsFile.Write(path, tensors, metadata);

        void Add(string prefix)
        {
            foreach ((string name, Tensor tensor) in network.Encoder.state_dict())
                tensors.Add(new($"{prefix}encoder.{name}", tensor.detach().clone()));
            foreach ((string name, Tensor tensor) in classifier.Head.state_dict())
                tensors.Add(new($"{prefix}head.{name}", tensor.detach().clone()));
        }
    }

    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }

    private static TrainingObjective Exposed(Recipe recipe, Module model, Dataset train, RecipeLanguage? language)
    {
        Dataset outliers = RecipeOutliers.ForTraining(recipe, train, language);
        return new(OptionsException.Within("objective.outlierExposure", () => new OutlierExposure(model, train, outliers, recipe.Objective.OutlierExposure, recipe.Seed, WeightDecay.Applies)
        {
            Augmenter = recipe.Objective.Augmentation is { } changes ? new ImageAugmenter(changes, recipe.Seed, train.Bounds) : null,
        }), model, outliers);
    }

    private static Module Classifier(Recipe recipe, Dataset train)
    {
        Module model = OptionsException.Within("model", () => ModelZoo.Create(recipe.Model, train.InputShape, train.ClassCount, recipe.Seed));
        if (recipe.Model.Weights is { } weights)
        {
            if (model is EncoderClassifier classifier)
                PretrainedEncoder.Load(classifier, weights, recipe.Model.WeightsAveraged);
            else
                Checkpoint.Load(weights, model, options: new() { NumClasses = train.ClassCount, Averaged = recipe.Model.WeightsAveraged });
        }

        model.to(train.Device);
        return model;
    }
}
