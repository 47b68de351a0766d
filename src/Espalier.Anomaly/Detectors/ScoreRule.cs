using System.Globalization;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// A score as a function of what a classifier gave: its logits, its features, its last layer. One pass through the network
/// feeds any number of rules. Some are fitted on in-distribution samples first. Statistics are computed in double.
/// A leaf reads like its paper's formula; this class keeps the fitted arrays, goes through the rows block by block, and refuses
/// NaN, which a ranking would drop silently.
/// </summary>
public abstract class ScoreRule : IDisposable
{
    private const long Block = 4096;
    private const string ShapeName = "fitted.shape";

    /// <summary>The widest features, and the most classes, that a file may say.</summary>
    private protected const int MostFeatures = 1 << 24;

    private readonly Dictionary<string, Tensor> _state = new(StringComparer.Ordinal);

    private protected ScoreRule(string name, DetectorNeeds needs, params (string Name, double Value)[] settings) =>
        (Name, Needs, Settings) = (name, needs, settings);

    /// <summary>The rule's name, such as <c>energy</c>.</summary>
    public string Name { get; }

    /// <summary>What it needs.</summary>
    public DetectorNeeds Needs { get; }

    /// <summary>Its settings with their values.</summary>
    public IReadOnlyList<(string Name, double Value)> Settings { get; }

    /// <summary>Name and settings, as <see cref="DetectorCatalog.Create"/> reads them: <c>knn:k=50</c>.</summary>
    public virtual string Text => Settings.Count == 0
        ? Name
        : $"{Name}:{string.Join(',', Settings.Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Name}={s.Value:R}")))}";

    /// <summary>Whether it can score: it was fitted, or needs no fit.</summary>
    public virtual bool IsFitted => !Needs.HasFlag(DetectorNeeds.Fit) || _state.ContainsKey(ShapeName);

    /// <summary>Whether a classifier offers what the rule needs.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="reason">What is missing; empty where nothing is.</param>
    public bool Suits(IScoringClassifier classifier, out string reason)
    {
        reason = "";
        if (Needs.HasFlag(DetectorNeeds.Gradients) && classifier is not IDifferentiableClassifier)
            reason = "it needs gradients, and the model gives none";
        else if (Needs.HasFlag(DetectorNeeds.Features) && classifier is not IFeatureClassifier)
            reason = "it needs features, and the model's cannot be asked for";
        else if (Needs.HasFlag(DetectorNeeds.Head) && classifier is not IFeatureClassifier { Head: not null })
            reason = "it needs the weights of the last linear layer, and the features are those of another one";
        else if (Needs.HasFlag(DetectorNeeds.Logits) && !NetworkOutputs.TellsLogits(classifier))
            reason = "it needs logits, and the model gives probabilities only";
        return reason.Length == 0;
    }

    /// <summary>Fits the rule on in-distribution samples, on training data usually; a rule without need of it does nothing.</summary>
    /// <param name="outputs">What the network gave.</param>
    /// <param name="labels">[n], int64; needed where <see cref="Needs"/> says so.</param>
    /// <exception cref="OptionsException">Something is missing, or a setting does not fit the samples.</exception>
    /// <exception cref="DataException">A row holds a NaN or an infinity, or a class has no samples.</exception>
    public void Fit(NetworkOutputs outputs, Tensor? labels = null)
    {
        RequireOutputs(outputs);
        OptionsException.Require(labels is not null || !Needs.HasFlag(DetectorNeeds.Labels), nameof(labels), null, $"is needed by '{Name}'");
        if (labels is not null && (labels.dim() != 1 || labels.shape[0] != outputs.Count || labels.dtype != torch.int64))
            throw new ShapeException("labels", labels.shape, $"[{outputs.Count}], int64");
        if (outputs.Count == 0)
            throw new DataException("fit samples", "there are none", "give in-distribution samples, those of the training");
        RequireFinite(outputs);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Clear();
        FitOutputs(outputs, labels?.cpu());
        Keep(ShapeName, torch.tensor(new[] { outputs.Features?.shape[1] ?? 0, outputs.Logits.shape[1] }));
    }

    /// <summary>Scores what the network gave.</summary>
    /// <param name="outputs">From the network that the rule was fitted on.</param>
    /// <returns>[n], float64, on the CPU: the higher, the more anomalous; in the caller's dispose scope.</returns>
    /// <exception cref="OptionsException">The rule is not fitted, or the network does not give what it needs.</exception>
    /// <exception cref="ShapeException">The features have another width than those that the rule was fitted on.</exception>
    /// <exception cref="DataException">A row holds a NaN, or values that the rule is not made for.</exception>
    public Tensor Score(NetworkOutputs outputs)
    {
        RequireOutputs(outputs);
        OptionsException.Require(IsFitted, "detector", Name, "must be fitted on in-distribution samples before it scores");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        if (_state.TryGetValue(ShapeName, out Tensor? shape))
        {
            (long features, long classes) = (shape[0].ToInt64(), shape[1].ToInt64());
            if (classes != outputs.Logits.shape[1])
                throw new ShapeException("logits", outputs.Logits.shape, $"[n, {classes}], as '{Name}' was fitted on");
            if (Needs.HasFlag(DetectorNeeds.Features) && features != outputs.Features!.shape[1])
                throw new ShapeException("features", outputs.Features.shape, $"[n, {features}], as '{Name}' was fitted on");
        }

        RequireFinite(outputs);
        Tensor scores = torch.empty(outputs.Count, dtype: torch.float64);
        for (long start = 0; start < outputs.Count; start += RowsAtOnce)
        {
            using var block = torch.NewDisposeScope();
            long count = Math.Min(RowsAtOnce, outputs.Count - start);
            Tensor? features = Needs.HasFlag(DetectorNeeds.Features) ? outputs.Features!.narrow(0, start, count) : null;
            if (features is not null && features.dtype != torch.float64)
                features = features.to(torch.float64);
            scores.narrow(0, start, count).copy_(ScoreBlock(outputs.Logits.narrow(0, start, count), features, outputs.Head, start));
        }

        Tensor bad = scores.isnan().nonzero();
        if (bad.numel() > 0)
            throw new DataException("scores", $"'{Name}' gives row {bad[0, 0].ToInt64()} a NaN", "remove the input, or mend the model");
        return scores.MoveToOuterDisposeScope();
    }

    /// <summary>The fitted arrays by name.</summary>
    /// <exception cref="OptionsException">The rule is not fitted.</exception>
    public virtual IReadOnlyDictionary<string, NpyArray> State()
    {
        OptionsException.Require(IsFitted, "detector", Name, "must be fitted before it is kept");
        return _state.ToDictionary(s => s.Key, s => NpyArray.Of(s.Value));
    }

    /// <summary>Takes fitted arrays over; it scores afterwards, bit for bit, as the one that they came from.</summary>
    /// <param name="state">What <see cref="State"/> gave.</param>
    /// <exception cref="DataException">An array is missing, unknown, or of another type or shape than the rule keeps.</exception>
    public virtual void Restore(IReadOnlyDictionary<string, NpyArray> state)
    {
        Clear();
        if (!state.TryGetValue(ShapeName, out NpyArray? shape) || shape.Type != NpyType.Int64 || shape.Shape is not [2]
            || shape.ToLongs() is not [>= 0 and <= MostFeatures and var features, >= 1 and <= MostFeatures and var classes])
        {
            throw Unfit($"holds no array '{ShapeName}' of two sizes");
        }

        // A wrong type or shape must not reach libtorch: some of its kernels end the process.
        FittedArray[] wanted = [new(ShapeName, 2) { Type = torch.ScalarType.Int64 }, .. Fitted(features, classes)];
        if (state.Keys.FirstOrDefault(k => !Array.Exists(wanted, w => w.Name == k)) is { } unknown)
            throw Unfit($"holds the unknown array '{unknown}'");
        long? rows = null;
        foreach (FittedArray each in wanted)
        {
            if (!state.TryGetValue(each.Name, out NpyArray? array))
                throw Unfit($"holds no array '{each.Name}'");
            bool fits = array.Shape.Count == each.Shape.Length;
            for (int i = 0; fits && i < each.Shape.Length; i++)
                fits = array.Shape[i] == (each.Shape[i] == FittedArray.Rows ? rows ??= array.Shape[i] : each.Shape[i]);
            if (!fits || rows < LeastRows)
                throw Unfit($"has '{each.Name}' of the shape [{string.Join(", ", array.Shape)}], not [{string.Join(", ", each.Shape.Select(s => s != FittedArray.Rows ? $"{s}" : rows is { } n && n >= LeastRows ? $"{n}" : $"{LeastRows} or more"))}]");
            Tensor values = array.ToTensor();
            Keep(each.Name, values);
            if (values.dtype != each.Type)
                throw Unfit($"has '{each.Name}' of the type {values.dtype}, not {each.Type}");
            using Tensor bad = values.isnan();
            using Tensor any = bad.any();
            if (any.ToBoolean())
                throw Unfit($"has a NaN in '{each.Name}'");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Inputs to score in place of given ones, where the rule changes them first; null where it does not.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[batch, ...].</param>
    internal virtual Tensor? Perturbed(IDifferentiableClassifier classifier, Tensor inputs) => null;

    /// <param name="outputs">Finite, at least one row, with all that the rule needs.</param>
    /// <param name="labels">[n], int64, on the CPU, where given.</param>
    private protected virtual void FitOutputs(NetworkOutputs outputs, Tensor? labels)
    {
    }

    /// <summary>The arrays that a fit keeps, to compare those of a file with.</summary>
    /// <param name="features">D of the fit.</param>
    /// <param name="classes">Classes of the fit.</param>
    private protected virtual IEnumerable<FittedArray> Fitted(long features, long classes) => [];

    /// <summary>The least that <see cref="FittedArray.Rows"/> may be.</summary>
    private protected virtual long LeastRows => 1;

    /// <summary>D of the fit; 0 where the network gave no features.</summary>
    private protected long FittedFeatures => Kept(ShapeName)[0].ToInt64();

    /// <summary>How many rows are scored at once: what a rule allocates for them must stay small.</summary>
    private protected virtual long RowsAtOnce => Block;

    /// <param name="logits">[rows, classes], float64.</param>
    /// <param name="features">[rows, D], float64, where the rule needs them.</param>
    /// <param name="head">The last layer, where the rule needs it.</param>
    /// <param name="start">The first row's number, for messages.</param>
    /// <returns>[rows].</returns>
    private protected abstract Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start);

    /// <summary>Keeps a fitted array.</summary>
    private protected void Keep(string name, Tensor value)
    {
        if (_state.Remove(name, out Tensor? old))
            old.Dispose();
        _state[name] = value.detach().contiguous().alias().DetachFromDisposeScope();
    }

    /// <summary>A fitted array.</summary>
    private protected Tensor Kept(string name) => _state.TryGetValue(name, out Tensor? value)
        ? value
        : throw new DataException($"the state of '{Name}'", $"holds no array '{name}'", "fit the detector again");

    /// <summary>Frees what is held.</summary>
    /// <param name="disposing">Whether managed objects may be touched.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
            Clear();
    }

    private DataException Unfit(string problem) => new($"the state of '{Name}'", problem, "fit the detector again");

    private void Clear()
    {
        foreach (Tensor value in _state.Values)
            value.Dispose();
        _state.Clear();
    }

    private void RequireOutputs(NetworkOutputs outputs)
    {
        OptionsException.Require(!Needs.HasFlag(DetectorNeeds.Features) || outputs.Features is not null, "detector", Name, "needs features, which this model does not give");
        OptionsException.Require(!Needs.HasFlag(DetectorNeeds.Head) || outputs.Head is not null, "detector", Name, "needs the weights of the last linear layer, which this model does not give");
        OptionsException.Require(!Needs.HasFlag(DetectorNeeds.Logits) || outputs.HasLogits, "detector", Name, "needs logits, and this model gives probabilities only");
    }

    private void RequireFinite(NetworkOutputs outputs)
    {
        using var scope = torch.NewDisposeScope();
        Require(outputs.Logits, "logits");
        if (Needs.HasFlag(DetectorNeeds.Features))
            Require(outputs.Features!, "features");

        static void Require(Tensor values, string what)
        {
            // A sum is NaN or infinite where a term is; only then is it worth while to look for the row.
            if (double.IsFinite(values.sum().ToDouble()))
                return;
            Tensor bad = values.isfinite().all(1).logical_not().nonzero();
            if (bad.numel() > 0)
                throw new DataException(what, $"row {bad[0, 0].ToInt64()} holds a NaN or an infinity", "remove the input, or mend the model");
        }
    }
}
