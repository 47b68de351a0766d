using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Training.Loop;

namespace Espalier.Recipes.Engine;

/// <summary>
/// A whole experiment as one file: data, model, training, and the sections of the stages that follow. A section left out is a stage left out.
/// </summary>
public sealed record Recipe
{
    private readonly EspalierCatalog? _catalog;
    private ImmutableDictionary<Type, object> _sections = ImmutableDictionary<Type, object>.Empty;

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

    /// <summary>What is trained; where null, the objective that the section <c>objective</c> says.</summary>
    public TaskSection? Task { get; init; }

    /// <summary>The training.</summary>
    public TrainerOptions Train { get; init; } = new();

    /// <summary>What the recipe may name. Given by whoever reads the recipe; must be set in code.</summary>
    /// <exception cref="InvalidOperationException">It was not set.</exception>
    [JsonIgnore]
    public EspalierCatalog Catalog
    {
        get => _catalog ?? throw new InvalidOperationException("a recipe made in code needs a catalogue: set Catalog, such as BuiltIn.Catalog");
        init => _catalog = value;
    }

    /// <summary>The training options with the recipe's seed.</summary>
    [JsonIgnore]
    public TrainerOptions SeededTraining => Train with { Seed = Seed };

    /// <summary>The section of a type, such as a stage's options; null where it was left out.</summary>
    public T? Section<T>()
        where T : class => (T?)Section(typeof(T));

    /// <summary>The recipe with a section, in place of the one of that type.</summary>
    public Recipe With<T>(T section)
        where T : class => this with { _sections = _sections.SetItem(typeof(T), section) };

    /// <summary>The recipe without the section of a type.</summary>
    public Recipe Without<T>()
        where T : class => this with { _sections = _sections.Remove(typeof(T)) };

    /// <summary>The recipe without any stage.</summary>
    public Recipe WithoutStages() => this with { _sections = _sections.RemoveRange(Catalog.Stages.Select(s => s.OptionsType)) };

    /// <summary>Checks every section.</summary>
    /// <exception cref="OptionsException">A value is out of range; its name carries the section.</exception>
    /// <exception cref="NotFoundException">There is no data set or model of that name.</exception>
    public void Validate()
    {
        OptionsException.Require(Name.Length > 0 && Name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'), nameof(Name), Name, "must be letters, digits, hyphens and underscores");
        OptionsException.Require(Seed >= 0, nameof(Seed), Seed, "must not be negative");
        OptionsException.Within("train", Train.Validate);
        (IRecipeTask task, object options) = Catalog.TaskOf(this);
        task.Check(options, this);
        foreach (IRecipeStage stage in Catalog.Stages)
        {
            if (Section(stage.OptionsType) is { } section)
                stage.Check(section, this);
        }
    }

    internal object? Section(Type type) => _sections.GetValueOrDefault(type);

    /// <summary>Takes a section while the recipe is read.</summary>
    internal void Bind(Type type, object? section) => _sections = section is null ? _sections.Remove(type) : _sections.SetItem(type, section);
}
