using System.Text.Json.Nodes;
using Espalier.Anomaly.Persistence;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>A score rule on a model: scores inputs rather than what the model made of them.</summary>
public sealed class Detector : IAnomalyDetector, IDisposable
{
    private const string Kind = "network";
    private const string LayerKey = "layer";
    private const string FalseAlarmsKey = "falseAlarms";

    private readonly IScoringClassifier _classifier;

    /// <summary>Puts a rule on a model.</summary>
    /// <param name="rule">The rule; disposed with the detector.</param>
    /// <param name="classifier">The model; stays the caller's. For features a <see cref="FeatureClassifier"/>.</param>
    /// <exception cref="OptionsException">The model does not offer what the rule needs.</exception>
    public Detector(ScoreRule rule, IScoringClassifier classifier)
    {
        OptionsException.Require(rule.Suits(classifier, out string reason), "detector", rule.Name, $"does not fit the model: {reason}");
        (Rule, _classifier) = (rule, classifier);
    }

    /// <inheritdoc/>
    public string Name => Rule.Name;

    /// <summary>The rule.</summary>
    public ScoreRule Rule { get; }

    /// <summary>The model.</summary>
    public IScoringClassifier Classifier => _classifier;

    /// <summary>How many inputs go through the model at once; at least 1.</summary>
    public int BatchSize { get; init; } = 512;

    /// <summary>Scores of held-out in-distribution inputs, ascending: what thresholds are chosen on. Empty before <see cref="Calibrate"/>.</summary>
    public IReadOnlyList<double> Calibration { get; private set; } = [];

    /// <summary>The share of in-distribution inputs that may raise an alarm, in (0, 1); null where it was not chosen.</summary>
    public double? FalseAlarms { get; set; }

    /// <summary>In-distribution samples to show beside an alarm; null where none are kept. Disposed with the detector.</summary>
    public ExampleBank? Examples { get; set; }

    /// <summary>Makes a detector of a text, with its paper's defaults where nothing else is said.</summary>
    /// <param name="text">Such as <c>energy</c>, <c>knn:k=50</c>; see <see cref="DetectorCatalog"/>.</param>
    /// <param name="classifier">The model whose answers are scored.</param>
    /// <exception cref="NotFoundException">There is no detector, or no setting, of that name.</exception>
    /// <exception cref="OptionsException">A setting is out of its range, or the model does not offer what the rule needs.</exception>
    public static Detector Create(string text, IScoringClassifier classifier) => new(DetectorCatalog.Create(text), classifier);

    /// <summary>Fits the rule on in-distribution inputs, those of the training usually.</summary>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="labels">[n], int64; needed where the rule says so.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <exception cref="EspalierException">As <see cref="ScoreRule.Fit"/>.</exception>
    public void Fit(Tensor inputs, Tensor? labels = null, CancellationToken cancellationToken = default)
    {
        using NetworkOutputs outputs = NetworkOutputs.Of(_classifier, inputs, BatchSize, cancellationToken);
        Rule.Fit(outputs, labels);
    }

    /// <summary>Scores held-out in-distribution inputs, to choose thresholds on. Not those of the fit: their scores are too low.</summary>
    /// <param name="inputs">[n, ...].</param>
    /// <exception cref="EspalierException">As <see cref="Score"/>.</exception>
    public void Calibrate(Tensor inputs)
    {
        using Tensor scores = Score(inputs);
        Calibration = [.. scores.data<double>().Order()];
    }

    /// <summary>Keeps the detector in a file; the model stays out of it.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="OptionsException">The detector is not fitted.</exception>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string path) => new DetectorArchive
    {
        Kind = Kind,
        Detector = Rule.Text,
        Options = Options(),
        ModelChecksum = (_classifier as IModelIdentity)?.Checksum,
        Arrays = Rule.State(),
        Calibration = Calibration,
        Examples = Examples,
    }.Write(path);

    /// <summary>The layer whose features a kept detector was fitted on; null where it uses none.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="CheckpointException">It is missing, damaged, or of another kind.</exception>
    public static string? LayerOf(string path) => LayerOf(DetectorArchive.Read(path, Kind), path);

    /// <summary>Takes a detector from a file; it scores bit for bit as the one that was kept.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classifier">The model that it was fitted on; stays the caller's.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged, of a newer version, of an unknown detector, or of another model.</exception>
    /// <exception cref="OptionsException">The model does not offer what the rule needs.</exception>
    public static Detector Load(string path, IScoringClassifier classifier)
    {
        DetectorArchive archive = DetectorArchive.Read(path, Kind);
        archive.RequireModel(path, (classifier as IModelIdentity)?.Checksum);
        if (LayerOf(archive, path) is { } layer && classifier is FeatureClassifier { Layer: var own } && own != layer)
            throw new CheckpointException(path, $"was fitted on features of layer '{layer}', not '{own}'", $"open the model's features with layer '{layer}'");
        ScoreRule rule;
        try
        {
            rule = DetectorCatalog.Create(archive.Detector);
        }
        catch (Exception error) when (error is NotFoundException or OptionsException)
        {
            throw new CheckpointException(path, $"holds a detector that is not known here: {error.Message}", "update Espalier, or fit it again", error);
        }

        try
        {
            if (archive.Arrays.Count > 0)
                rule.Restore(archive.Arrays);
            if (!rule.IsFitted)
                throw new CheckpointException(path, "holds a detector that was not fitted", "fit it again");
            double? share = null;
            if (archive.Options[FalseAlarmsKey] is { } kept)
                share = kept is JsonValue value && value.TryGetValue(out double number) && number is > 0 and < 1 ? number : throw new CheckpointException(path, $"has {FalseAlarmsKey} that are no share in (0, 1)", "fit it again");
            return new Detector(rule, classifier) { Calibration = archive.Calibration, Examples = archive.Examples, FalseAlarms = share };
        }
        catch (Exception error) when (error is DataException or ShapeException)
        {
            rule.Dispose();
            throw new CheckpointException(path, error.Message, "fit it again", error);
        }
        catch
        {
            rule.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        OptionsException.Require(BatchSize >= 1, nameof(BatchSize), BatchSize, "must be at least 1");
        using NetworkOutputs outputs = Outputs(Rule, _classifier, inputs, BatchSize);
        return Rule.Score(outputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Rule.Dispose();
        Examples?.Dispose();
    }

    private static string? LayerOf(DetectorArchive archive, string path) => archive.Options[LayerKey] switch
    {
        null => null,
        JsonValue value when value.TryGetValue(out string? layer) => layer,
        _ => throw new CheckpointException(path, "names its layer by something that is no text", "fit it again"),
    };

    private JsonObject Options()
    {
        var options = new JsonObject();
        if (_classifier is FeatureClassifier { Layer: var layer } && (Rule.Needs.HasFlag(DetectorNeeds.Features) || Examples is not null))
            options[LayerKey] = layer;
        if (FalseAlarms is { } share)
            options[FalseAlarmsKey] = share;
        return options;
    }

    /// <summary>What a model gives for a rule, which may change the inputs first.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="classifier">The model; one that suits the rule.</param>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="batchSize">How many go through at once.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    public static NetworkOutputs Outputs(ScoreRule rule, IScoringClassifier classifier, Tensor inputs, int batchSize, CancellationToken cancellationToken = default)
    {
        if (!rule.Needs.HasFlag(DetectorNeeds.Gradients))
            return NetworkOutputs.Of(classifier, inputs, batchSize, cancellationToken);
        using var scope = torch.NewDisposeScope();
        var changed = new List<Tensor>();
        for (long start = 0; start < inputs.shape[0]; start += batchSize)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = torch.NewDisposeScope();
            changed.Add(rule.Perturbed((IDifferentiableClassifier)classifier, inputs.narrow(0, start, Math.Min(batchSize, inputs.shape[0] - start)))!.MoveToOuterDisposeScope());
        }

        return NetworkOutputs.Of(classifier, changed.Count > 0 ? torch.cat(changed) : inputs, batchSize, cancellationToken);
    }
}
