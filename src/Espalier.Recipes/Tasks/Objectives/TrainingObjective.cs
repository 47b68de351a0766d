using Espalier.Anomaly.Density;
using Espalier.Anomaly.Exposure;
using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Networks.Density;
using Espalier.Networks.Encoders;
using Espalier.Networks.Text;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Representation.PseudoLabels;
using Espalier.Representation.SelfSupervision;
using Espalier.Robustness.Training;
using Espalier.Training.Averages;
using Espalier.Training.Objectives;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What a recipe trains: the objective, with everything that must live as long as it.</summary>
internal sealed class TrainingObjective : IDisposable
{
    // λ of a confidence and of a language model, as in the paper; that of classifiers depends on their loss.
    private const double ExposureWeight = 0.5;

    private readonly IDisposable[] _owned;

    private TrainingObjective(ObjectiveOnData onData, params IDisposable[] owned) => (OnData, _owned) = (onData, owned);

    /// <summary>The objective with its data.</summary>
    public ObjectiveOnData OnData { get; }

    public Objective Objective => OnData.Objective;

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
            if (options.Kind == ObjectiveKind.Confidence)
                return Confident(recipe, (ExtraOutput)reader, train, language);
            if (options.OutlierExposure is not null)
                return Exposed(recipe, reader, train, language);
            return new(TextRecipe.CreateObjective(recipe, language, reader), reader);
        }

        SelfSupervisionOptions shared = options.SelfSupervision with { Encoder = recipe.Model.Encoder };
        switch (options.Kind)
        {
            case ObjectiveKind.Confidence:
                return Confident(recipe, (ExtraOutput)Classifier(recipe, train), train, null);
            case ObjectiveKind.Density:
                return Density(recipe, train);
            case ObjectiveKind.Byol:
                var byol = OptionsException.Within("objective", () => new Byol(options.Byol, shared, train, recipe.Seed));
                return new(On(byol, byol.ForTraining, byol.ForEvaluation), byol);
            case ObjectiveKind.SimClr:
                var simClr = OptionsException.Within("objective", () => new SimClr(options.SimClr, shared, train, recipe.Seed));
                return new(On(simClr, simClr.ForTraining, simClr.ForEvaluation), simClr);
            case ObjectiveKind.Dino:
                var dino = OptionsException.Within("objective", () => new Dino(options.Dino, shared, train, recipe.Seed));
                return new(On(dino, dino.ForTraining, dino.ForEvaluation), dino);
            case ObjectiveKind.PseudoLabels:
                Module student = Classifier(recipe, train);
                Module teacher = Classifier(recipe, train);
                var pseudo = OptionsException.Within("objective.pseudoLabels", () => new TeacherStudent(student, teacher, train, options.PseudoLabels, recipe.Seed));
                return new(On(pseudo, pseudo.ForTraining, pseudo.ForEvaluation), pseudo, student, teacher);
            case ObjectiveKind.Adversarial:
                Module defended = Classifier(recipe, train);
                return new(On(OptionsException.Within("objective.adversarial", () => new AdversarialTraining(defended, train, options.Adversarial, recipe.Seed, WeightDecay.Applies)
                {
                    Augmenter = options.Augmentation is { } changes ? new ImageAugmenter(changes, recipe.Seed, train.Bounds) : null,
                })), defended);
            default:
                Module model = Classifier(recipe, train);
                if (options.OutlierExposure is not null)
                    return Exposed(recipe, model, train, null);
                return new(On(new ClassificationObjective(model, options.LabelSmoothing, WeightDecay.Applies)
                {
                    Augmenter = options.Augmentation is { } augmentation ? OptionsException.Within("objective.augmentation", () => new ImageAugmenter(augmentation, recipe.Seed, train.Bounds)) : null,
                    Mixer = options.Mixing is { } mixing ? new BatchMixer(mixing, recipe.Seed) : null,
                }), model);
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

    private static TrainingObjective Confident(Recipe recipe, ExtraOutput model, Dataset train, RecipeLanguage? language)
    {
        ExposureOptions? exposure = recipe.Objective.OutlierExposure;
        Dataset? outliers = exposure is null ? null : RecipeOutliers.ForTraining(recipe, train, language);
        var branch = OptionsException.Within("objective.confidence", () => new ConfidenceBranch(model, train, outliers, recipe.Objective.Confidence, exposure?.Weight ?? ExposureWeight, exposure?.OutliersPerSample, recipe.Seed)
        {
            Augmenter = recipe.Objective.Augmentation is { } changes ? new ImageAugmenter(changes, recipe.Seed, train.Bounds) : null,
        });
        return new(On(branch, branch.ForTraining, branch.ForEvaluation), [branch, model, .. outliers is null ? (IDisposable[])[] : [outliers]]);
    }

    private static TrainingObjective Density(Recipe recipe, Dataset train)
    {
        OptionsException.Require(train.Bounds is { Lower: 0, Upper: 1 }, "data.name", recipe.Data.Name, "must be images from 0 to 1 for a density");
        var model = (PixelCnn)Start(recipe, OptionsException.Within("model", () => RecipeNetwork.Create(recipe, train.InputShape, 0, null)), 0, train.Device);
        if (recipe.Objective.OutlierExposure is not { } exposure)
            return new(Density(new DensityObjective(model, train, seed: recipe.Seed)), model);
        Dataset outliers = RecipeOutliers.ForTraining(recipe, train, null);
        var defaults = new DensityExposureOptions();
        var margin = new DensityExposureOptions { Weight = exposure.Weight ?? defaults.Weight, MarginPerValue = exposure.MarginPerValue ?? defaults.MarginPerValue };
        return new(Density(new DensityObjective(model, train, outliers, margin, recipe.Seed)), model, outliers);
    }

    private static TrainingObjective Exposed(Recipe recipe, Module model, Dataset train, RecipeLanguage? language)
    {
        Dataset outliers = RecipeOutliers.ForTraining(recipe, train, language);
        if (model is CausalLanguageModel causal)
        {
            double? weight = recipe.Objective.OutlierExposure!.Weight;
            var exposedLanguage = OptionsException.Within("objective.outlierExposure", () => new LanguageExposure(causal, train, outliers, weight ?? ExposureWeight, recipe.Seed));
            return new(On(exposedLanguage, exposedLanguage.ForTraining, exposedLanguage.ForEvaluation), model, outliers);
        }

        var exposed = OptionsException.Within("objective.outlierExposure", () => new OutlierExposure(model, train, outliers, recipe.Objective.OutlierExposure, recipe.Seed, WeightDecay.Applies)
        {
            Augmenter = recipe.Objective.Augmentation is { } changes ? new ImageAugmenter(changes, recipe.Seed, train.Bounds) : null,
        });
        return new(On(exposed, exposed.ForTraining, exposed.ForEvaluation), model, outliers);
    }

    private static ObjectiveOnData<ExposedBatch> Density(DensityObjective density) => On(density, density.ForTraining, density.ForEvaluation);

    private static ObjectiveOnData<LabelledBatch> On(Objective<LabelledBatch> objective) => On(objective, data => data, data => data);

    private static ObjectiveOnData<TBatch> On<TBatch>(Objective<TBatch> objective, Func<Dataset, ISampleSource<TBatch>> training, Func<Dataset, ISampleSource<TBatch>> evaluation)
        where TBatch : IBatch => new ObjectiveOnData<TBatch>(objective, training, evaluation);

    private static Module Classifier(Recipe recipe, Dataset train)
    {
        Module model = OptionsException.Within("model", () => RecipeNetwork.Create(recipe, train.InputShape, train.ClassCount, null));
        return Start(recipe, model, model is ExtraOutput ? train.ClassCount + 1 : train.ClassCount, train.Device);
    }

    // The weights that the recipe starts from. Those of a network with an extra output may come from one without.
    private static Module Start(Recipe recipe, Module model, int outputs, torch.Device device)
    {
        if (recipe.Model.Weights is { } weights)
        {
            Module network = model is ExtraOutput extra && !ExtraOutput.IsIn(weights) ? extra.Network : model;
            if (network is EncoderClassifier classifier)
                PretrainedEncoder.Load(classifier, weights, recipe.Model.WeightsAveraged);
            else
                Checkpoint.Load(weights, network, options: new() { NumClasses = outputs > 0 ? outputs : null, Averaged = recipe.Model.WeightsAveraged });
        }

        model.to(device);
        return model;
    }
}
