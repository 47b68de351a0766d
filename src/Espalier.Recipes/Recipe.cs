using System.Text.Json.Serialization;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Recipes.Stages;
using Espalier.Training.Loop;

namespace Espalier.Recipes;

/// <summary>
/// A whole experiment as one file: data, model, training and the audits that follow. A section left out is a stage left
/// out.
/// </summary>
public sealed record Recipe
{
    /// <summary>Its name, in lower case with hyphens; runs are named after it.</summary>
    public string Name { get; init; } = "";

    /// <summary>One line for people.</summary>
    public string Title { get; init; } = "";

    /// <summary>The paper whose method it shows.</summary>
    public string? Paper { get; init; }

    /// <summary>What a run is expected to reach: names of <c>summary.json</c> and their least values.</summary>
    public IReadOnlyDictionary<string, double> Expected { get; init; } = new Dictionary<string, double>();

    /// <summary>The one seed that weights, data order, dropout and every audit derive from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The data and its splits.</summary>
    public DataOptions Data { get; init; } = new();

    /// <summary>The network.</summary>
    public ModelOptions Model { get; init; } = new();

    /// <summary>The loss that the training minimises.</summary>
    public ObjectiveOptions Objective { get; init; } = new();

    /// <summary>The training.</summary>
    public TrainerOptions Train { get; init; } = new();

    /// <summary>How the features of an encoder are judged.</summary>
    public ProbeOptions? Probe { get; init; }

    /// <summary>How the trained model is judged.</summary>
    public EvaluateOptions? Evaluate { get; init; }

    /// <summary>How it is attacked.</summary>
    public AttackOptions? Attack { get; init; }

    /// <summary>How inputs from elsewhere are flagged.</summary>
    public DetectOptions? Detect { get; init; }

    /// <summary>How single decisions are explained.</summary>
    public ExplainOptions? Explain { get; init; }

    /// <summary>The training options with the recipe's seed.</summary>
    [JsonIgnore]
    public TrainerOptions SeededTraining => Train with { Seed = Seed };

    /// <summary>Checks every section.</summary>
    /// <exception cref="OptionsException">A value is out of range; its name carries the section.</exception>
    /// <exception cref="NotFoundException">There is no data set or model of that name.</exception>
    public void Validate()
    {
        OptionsException.Require(Name.Length > 0 && Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'), nameof(Name), Name, "must be letters, digits, hyphens and underscores");
        OptionsException.Require(Seed >= 0, nameof(Seed), Seed, "must not be negative");
        OptionsException.Within("data", Data.Validate);
        bool isText = DataCatalog.Default.Find(Data.Name).IsText;
        OptionsException.Within("model", Model.Validate);
        OptionsException.Within("objective", Objective.Validate);
        OptionsException.Within("train", Train.Validate);
        if (isText)
            TextRecipe.Validate(this);
        OptionsException.Require(isText || !Objective.IsLanguageModel, "objective.kind", Objective.Kind, $"is for text: '{Data.Name}' holds none");
        OptionsException.Require(isText || !ModelZoo.TextNames.Contains(Model.Name), "model.name", Model.Name, $"is for text: '{Data.Name}' holds none");
        OptionsException.Require(isText || Objective.WordDropout == 0, "objective.wordDropout", Objective.WordDropout, $"is for text: '{Data.Name}' holds none");
        bool isDensity = Objective.Kind == ObjectiveKind.Density;
        OptionsException.Require(ModelZoo.DensityNames.Contains(Model.Name) == isDensity, "model.name", Model.Name,
            isDensity ? $"must be a density: {string.Join(", ", ModelZoo.DensityNames)}" : "is a density: it belongs to kind density");
        if (isDensity)
            ValidateDensity();
        OptionsException.Require(Probe is null || !Objective.HasExtraOutput, "probe", "set", "looks at an encoder with a plain head: leave the section out with an extra output");
        OptionsException.Require(Model.Name == "encoder" || !Objective.IsSelfSupervised, "model.name", Model.Name, $"must be \"encoder\" with the objective {Objective.Kind.ToString().ToLowerInvariant()}");
        OptionsException.Require(Model.Name == "encoder" || Probe is null, "model.name", Model.Name, "must be \"encoder\" for a probe");
        OptionsException.Require(Probe is not null || !Objective.IsSelfSupervised || (Evaluate, Attack, Detect, Explain) == (null, null, null, null), "probe", null, "must be given: without labels the model has no head for the audits");
        OptionsException.Require(Train.Ema is not null || Objective.Kind is not (ObjectiveKind.Byol or ObjectiveKind.Dino or ObjectiveKind.PseudoLabels), "train.ema", null, "must be given: the teacher is the moving average");
        OptionsException.Within("probe", () => Probe?.Validate());
        OptionsException.Within("evaluate", () => Evaluate?.Validate());
        OptionsException.Within("attack", () => Attack?.Validate());
        OptionsException.Within("detect", () => Detect?.Validate());
        OptionsException.Within("detect", () => Detect?.ValidateFor(this));
        OptionsException.Within("explain", () => Explain?.Validate());
    }

    private void ValidateDensity()
    {
        OptionsException.Require(!Data.Standardize, "data.standardize", true, "must be false for a density: it is of pixels from 0 to 1");
        foreach ((object? section, string name) in new (object?, string)[] { (Probe, "probe"), (Attack, "attack"), (Explain, "explain") })
            OptionsException.Require(section is null, name, "set", "needs classes, and a density has none: leave the section out");
    }
}
