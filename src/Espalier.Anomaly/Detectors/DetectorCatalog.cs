using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>The detectors of classifiers by name.</summary>
public static class DetectorCatalog
{
    private const string EnsembleName = "ensemble";

    // Detectors of table rows, on features; their settings are their own.
    private static readonly (string Name, string Title, string Paper)[] OnFeatures =
    [
        ("deep-svdd", "distance from the centre that a network maps features to", "Ruff et al. 2018"),
        ("isolation-forest", "random cuts that isolate the features", "Liu et al. 2008"),
        ("lof", "density beside that of the neighbours", "Breunig et al. 2000"),
    ];

    private static readonly (string Name, string Title, string Paper, Func<DetectorSettings, ScoreRule> Create)[] Known =
    [
        ("msp", "maximum softmax probability", "Hendrycks & Gimpel 2017", s => new MaximumSoftmaxProbability(s.Number("T", 1))),
        ("max-logit", "maximum logit", "Hendrycks et al. 2022", _ => new MaximumLogit()),
        ("energy", "log sum exp of the logits", "Liu et al. 2020", s => new Energy(s.Number("T", 1))),
        ("entropy", "entropy of the prediction", "", _ => new PredictiveEntropy()),
        ("uniform-ce", "cross-entropy from uniform; best after outlier exposure", "Hendrycks et al. 2019", _ => new UniformCrossEntropy()),
        ("gen", "generalized entropy", "Liu et al. 2023", s => new GeneralizedEntropy(s.Number("gamma", 0.1), s.Integer("m", 100))),
        ("klm", "KL divergence to the nearest class's mean prediction", "Hendrycks et al. 2022", _ => new KullbackLeiblerMatching()),
        ("mds", "Mahalanobis distance to the nearest class", "Lee et al. 2018", s => new Mahalanobis(s.Number("ridge", 1e-6))),
        ("rmds", "Mahalanobis distance relative to all data", "Ren et al. 2021", s => new RelativeMahalanobis(s.Number("ridge", 1e-6))),
        ("vim", "residual as a virtual logit", "Wang et al. 2022", s => new VirtualLogitMatching(s.Integer("dim"))),
        ("residual", "residual beyond the main directions", "Wang et al. 2022", s => new FeatureResidual(s.Integer("dim"))),
        ("knn", "distance to the k-th neighbour", "Sun et al. 2022", s => new NearestNeighbour(s.Integer("k", 50))),
        ("react", "energy of clipped activations", "Sun et al. 2021", s => new ReAct(s.Number("p", 90))),
        ("dice", "energy of the strongest weights", "Sun & Li 2022", s => new Dice(s.Number("p", 90))),
        ("ash-p", "energy of pruned activations", "Djurisic et al. 2023", s => new AshPruning(s.Number("p", 65), s.Integer("clip", 0) != 0)),
        ("ash-b", "energy of binarized activations", "Djurisic et al. 2023", s => new AshBinarization(s.Number("p", 65), s.Integer("clip", 0) != 0)),
        ("ash-s", "energy of pruned and scaled activations", "Djurisic et al. 2023", s => new AshScaling(s.Number("p", 65), s.Integer("clip", 0) != 0)),
        ("scale", "energy of scaled activations", "Xu et al. 2024", s => new ActivationScaling(s.Number("p", 85), s.Integer("clip", 0) != 0)),
        ("she", "product with the predicted class's pattern", "Zhang et al. 2023", _ => new SimplifiedHopfield()),
        ("gradnorm", "norm of the last layer's gradient", "Huang et al. 2021", _ => new GradientNorm()),
        ("fdbd", "distance to the decision boundaries", "Liu & Qin 2024", _ => new DecisionBoundaryDistance()),
        ("nnguide", "energy guided by neighbours", "Park et al. 2023", s => new NeighbourGuidance(s.Integer("k", 100), s.Number("share", 0.01), s.Integer("least", 10_000), s.Integer("seed", 0))),
        ("odin", "maximum softmax probability after a step towards it", "Liang et al. 2018", s => new Odin(s.Number("T", 1000), s.Number("eps", 0.0014))),
        ("openmax", "probability of an unknown class", "Bendale & Boult 2016", s => new OpenMax(s.Integer("tail", 20), s.Integer("alpha", 3))),
    ];

    /// <summary>Every detector, in the order to show them in; <c>ensemble</c> is made of others.</summary>
    public static IReadOnlyList<DetectorInfo> All { get; } =
    [
        .. Known.Select(k => Describe(k.Name, k.Title, k.Paper, k.Create)),
        .. OnFeatures.Select(k => new DetectorInfo(k.Name, k.Title, k.Paper, DetectorNeeds.Features | DetectorNeeds.Fit, ["as for tables"])),
    ];

    /// <summary>The names, <c>ensemble</c> last.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Select(k => k.Name), .. OnFeatures.Select(k => k.Name), EnsembleName];

    /// <summary>Makes a rule of a text.</summary>
    /// <param name="text">A name, and settings after a colon: <c>knn:k=50</c>, <c>openmax:tail=20,alpha=3</c>, <c>ensemble:energy+knn:k=10</c>.</param>
    /// <returns>Not fitted; the caller's.</returns>
    /// <exception cref="NotFoundException">There is no detector, or no setting, of that name.</exception>
    /// <exception cref="OptionsException">A setting is out of its range.</exception>
    public static ScoreRule Create(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        (string name, string rest) = colon < 0 ? (text.Trim(), "") : (text[..colon].Trim(), text[(colon + 1)..]);
        if (name == EnsembleName && rest.Split('+').FirstOrDefault(m => m.TrimStart().StartsWith(EnsembleName, StringComparison.Ordinal)) is { } inner)
            throw new OptionsException("detector", inner, "must be a detector that is no ensemble");
        if (name == EnsembleName)
            return new DetectorEnsemble([.. rest.Split('+', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Create)]);
        if (OnFeatures.Any(k => k.Name == name))
            return new TabularOnFeatures(text.Trim());
        if (Array.Find(Known, k => k.Name == name) is not { Create: { } create })
            throw new NotFoundException("detector", name, Names);
        var settings = new DetectorSettings(name, rest);
        ScoreRule rule = create(settings);
        try
        {
            settings.RequireAllKnown();
            return rule;
        }
        catch
        {
            rule.Dispose();
            throw;
        }
    }

    /// <summary>Cuts a list of texts with commas between: <c>energy,openmax:tail=20,alpha=3,knn</c> are three.</summary>
    /// <param name="list">The texts; <c>all</c> for every detector.</param>
    public static IReadOnlyList<string> Split(string list)
    {
        if (list.Trim() == "all")
            return [.. All.Select(k => k.Name)];
        var texts = new List<string>();
        foreach (string piece in list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // A setting without a name before it belongs to the detector before.
            int equals = piece.IndexOf('=', StringComparison.Ordinal);
            bool isSetting = equals >= 0 && piece.IndexOf(':', StringComparison.Ordinal) is var colon && (colon < 0 || colon > equals);
            if (isSetting && texts.Count > 0)
                texts[^1] += "," + piece;
            else
                texts.Add(piece);
        }

        return texts;
    }

    private static DetectorInfo Describe(string name, string title, string paper, Func<DetectorSettings, ScoreRule> create)
    {
        using ScoreRule rule = create(new DetectorSettings(name, ""));
        string[] settings = rule.Text.IndexOf(':', StringComparison.Ordinal) is >= 0 and var colon ? rule.Text[(colon + 1)..].Split(',') : name is "vim" or "residual" ? ["dim"] : [];
        return new DetectorInfo(name, title, paper, rule.Needs, settings);
    }
}
