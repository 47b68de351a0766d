using System.Text.Json;
using Espalier.Components;
using Espalier.Errors;

namespace Espalier.Recipes.Engine;

/// <summary>
/// What recipes may name: tasks, stages, and sections that belong to a task. The one place where an area joins: what is added here
/// appears in the JSON schema, in hints, in the run, the summary and the report. Not to be changed once a recipe was read with it.
/// </summary>
public sealed class EspalierCatalog
{
    private readonly Catalog<IRecipeTask> _tasks = new("task", t => t.Kind);
    private readonly Catalog<RecordedWork> _works = new("record", w => w.Key);
    private readonly List<IRecipeStage> _stages = [];
    private readonly Dictionary<string, Type> _sections = [];
    private readonly Dictionary<Type, string[]> _hidden = [];
    private JsonSerializerOptions? _json;
    private IRecipeTask? _default;

    /// <summary>An empty catalogue.</summary>
    public EspalierCatalog() => _works.Add(new TrainWork());

    /// <summary>The kinds of tasks.</summary>
    public IEnumerable<string> TaskKinds => _tasks.Names;

    /// <summary>The sections of a recipe that stages and tasks have added.</summary>
    public IReadOnlyDictionary<string, Type> Sections => _sections;

    /// <summary>How recipes with these sections are written.</summary>
    internal JsonSerializerOptions Json => _json ??= RecipeJson.For(this);

    internal IReadOnlyDictionary<Type, string[]> Hidden => _hidden;

    internal IReadOnlyList<IRecipeTask> Tasks => _tasks.Items;

    internal IReadOnlyList<IRecipeStage> Stages => _stages;

    /// <summary>All work that leaves records, in the order of the report.</summary>
    internal IReadOnlyList<RecordedWork> Works => _works.Items;

    /// <summary>Adds a task.</summary>
    /// <typeparam name="TOptions">Its section.</typeparam>
    /// <exception cref="OptionsException">Its kind is taken.</exception>
    public EspalierCatalog Add<TOptions>(RecipeTask<TOptions> task)
        where TOptions : class
    {
        RequireOpen();
        _tasks.Add(task);
        foreach (RecordedWork work in task.Works)
            _works.Add(work);
        return this;
    }

    /// <summary>Adds the task of recipes without a section <c>task</c>; its options are a section of their own.</summary>
    internal EspalierCatalog AddDefault<TOptions>(string key, RecipeTask<TOptions> task)
        where TOptions : class
    {
        AddSection<TOptions>(key);
        _default = task;
        foreach (RecordedWork work in task.Works)
            _works.Add(work);
        return this;
    }

    /// <summary>Adds a stage; stages run in the order in which they were added.</summary>
    /// <typeparam name="TNeeds">What it needs of the model.</typeparam>
    /// <typeparam name="TOptions">Its section.</typeparam>
    /// <typeparam name="TRecord">Its record.</typeparam>
    /// <exception cref="OptionsException">Its key is taken.</exception>
    public EspalierCatalog Add<TNeeds, TOptions, TRecord>(RecipeStage<TNeeds, TOptions, TRecord> stage)
        where TNeeds : class
        where TOptions : class
        where TRecord : class
    {
        AddSection<TOptions>(stage.Key);
        _works.Add(stage);
        _stages.Add(stage);
        return this;
    }

    /// <summary>Adds a part of the report that has no stage.</summary>
    internal EspalierCatalog AddWork(RecordedWork work)
    {
        RequireOpen();
        _works.Add(work);
        return this;
    }

    /// <summary>Adds a section of recipes.</summary>
    internal EspalierCatalog AddSection<TOptions>(string key)
        where TOptions : class
    {
        RequireOpen();
        OptionsException.Require(!_sections.ContainsValue(typeof(TOptions)), "stage", key, $"has options of a type that another section has: {typeof(TOptions).Name}");
        OptionsException.Require(_sections.TryAdd(key, typeof(TOptions)), "stage", key, "is the key of another section already");
        return this;
    }

    /// <summary>Leaves keys of options out of recipes: those that would have no effect there.</summary>
    internal EspalierCatalog Hide(Type options, params string[] keys)
    {
        RequireOpen();
        _hidden[options] = keys;
        return this;
    }

    /// <summary>The task of a recipe and its options.</summary>
    internal (IRecipeTask Task, object Options) TaskOf(Recipe recipe)
    {
        if (recipe.Task is { } section)
            return (_tasks.Find(section.Kind), section.Options);
        IRecipeTask task = _default ?? throw new OptionsException("task", null, $"must be given: {string.Join(", ", TaskKinds)}");
        return (task, recipe.Section(task.OptionsType) ?? Activator.CreateInstance(task.OptionsType)!);
    }

    internal IRecipeTask FindTask(string kind) => _tasks.Find(kind);

    private void RequireOpen() => OptionsException.Require(_json is null, "catalog", "in use", "must be complete before the first recipe is read");
}
