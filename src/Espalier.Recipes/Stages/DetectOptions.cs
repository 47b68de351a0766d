using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Evaluation;
using Espalier.Anomaly.Outliers;
using Espalier.Errors;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Tasks.Objectives;

namespace Espalier.Recipes.Stages;

/// <summary>How inputs from elsewhere are told from test inputs.</summary>
public sealed record DetectOptions
{
    private const string Default = "msp";

    // What needs nothing but the data at hand; more can be asked for.
    private static readonly string[] DefaultKinds = ["gaussian", "rademacher", "blobs", "pixel-shuffle"];

    /// <summary>
    /// What scores an input, with its settings: <c>msp</c>, <c>energy</c>, <c>knn:k=50</c>; see <c>espalier detectors list</c>. Models
    /// that are trained to tell have scores of their own: <c>confidence-branch</c>, <c>reject-class</c>, <c>language-uniform</c>, <c>language-bits</c>,
    /// <c>bits-per-dimension</c>, <c>bits-per-dimension-corrected</c>. Where null, the model's own, else <c>msp</c>.
    /// </summary>
    public string? Detector { get; init; }

    /// <summary>For detectors that use features: the layer that they come from; the last linear layer where null.</summary>
    public string? Layer { get; init; }

    /// <summary>For detectors that are fitted: the first so many training samples; all where null.</summary>
    public int? Fit { get; init; }

    /// <summary>
    /// What it is confronted with: generators (<c>gaussian</c>, <c>rademacher</c>, <c>blobs</c>, <c>negative</c> ...), data sets
    /// (<c>notmnist</c>), folders of pictures, tables; four generators, as far as they fit the data, where null. For text, texts of the
    /// catalogue (<c>multi30k-en</c>), which must be named.
    /// </summary>
    public IReadOnlyList<string>? Outliers { get; init; }

    /// <summary>How many outliers of each kind; as many as there are test samples where null.</summary>
    public int? Count { get; init; }

    /// <summary>How the numbers are measured: shares and draws.</summary>
    public DetectionProtocolOptions Protocol { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    /// <exception cref="NotFoundException">There is no detector or kind of outliers of that name.</exception>
    public void Validate()
    {
        if (Detector is { } name && !OwnScores.IsKnown(name))
        {
            using (DetectorCatalog.Create(name))
            {
            }
        }

        OptionsException.Require(Fit is null or >= 1, nameof(Fit), Fit, "must be at least 1");
        OptionsException.Require(Outliers is null or { Count: > 0 }, nameof(Outliers), "empty", "needs at least one kind");
        foreach (string kind in (Outliers ?? []).Where(k => !IsText(k)))
            OutlierSource.UseOf(kind);
        OptionsException.Require(Count is null or >= 1, nameof(Count), Count, "must be at least 1");
        OptionsException.Within("protocol", Protocol.Validate);
    }

    /// <summary>Checks what depends on the data being text.</summary>
    /// <exception cref="OptionsException">No texts are named, or something else is.</exception>
    internal void ValidateForText()
    {
        OptionsException.Require(Outliers is not null, nameof(Outliers), null, "must name texts of the catalogue, such as multi30k-en: nothing can be generated that looks like text");
        foreach (string kind in Outliers!)
            OptionsException.Require(IsText(kind), nameof(Outliers), kind, "must be a text of the catalogue: the model reads text");
    }

    /// <summary>Checks what depends on the model.</summary>
    /// <param name="recipe">Says which.</param>
    /// <exception cref="OptionsException">The score is another model's.</exception>
    internal void ValidateFor(Recipe recipe)
    {
        IReadOnlyList<string> own = OwnScores.NamesOf(recipe.Objective);
        if (Detector is not { } name || own.Contains(name))
            return;
        OptionsException.Require(!OwnScores.IsKnown(name), nameof(Detector), name, $"is the score of models of {(OwnScores.IsKnown(name) ? OwnScores.ModelsOf(name) : "")}");
        OptionsException.Require(recipe.Objective.HasClasses, nameof(Detector), name, $"needs classes; this model's scores are {string.Join(" and ", own)}");
    }

    /// <summary>What scores a recipe's model.</summary>
    /// <param name="recipe">The recipe.</param>
    internal string DetectorFor(Recipe recipe) => Detector ?? (OwnScores.NamesOf(recipe.Objective) is [var own, ..] ? own : Default);

    private static bool IsText(string name) => Espalier.Data.Catalog.DataCatalog.Default.Entries.Any(e => e.IsText && e.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Checks what depends on the data.</summary>
    /// <param name="shape">Shape of one input.</param>
    /// <exception cref="OptionsException">A kind of outliers is for images only and these are none.</exception>
    public void ValidateFor(IReadOnlyList<long> shape)
    {
        foreach (string kind in (Outliers ?? []).Where(OutlierGenerator.IsKnown))
            OptionsException.Require(OutlierGenerator.Create(kind).Makes(shape), nameof(Outliers), kind, $"must fit inputs of shape [{string.Join(", ", shape)}]: {string.Join(", ", (this with { Outliers = null }).KindsFor(shape))}");
    }

    /// <summary>The kinds of outliers for inputs of a shape.</summary>
    /// <param name="shape">Shape of one input.</param>
    internal IReadOnlyList<string> KindsFor(IReadOnlyList<long> shape) =>
        Outliers ?? [.. DefaultKinds.Where(n => OutlierGenerator.Create(n).Makes(shape))];
}
