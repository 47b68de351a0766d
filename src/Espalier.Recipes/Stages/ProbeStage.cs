using System.Globalization;
using Espalier.Data;
using Espalier.Models;
using Espalier.Networks.Encoders;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Reports;
using Espalier.Representation.Evaluation;
using Espalier.Representation.SelfSupervision;
using Espalier.Runs.Reports;
using Espalier.Training.Normalization;

namespace Espalier.Recipes.Stages;

/// <summary>Judges an encoder by what simple classifiers make of its features.</summary>
internal sealed class ProbeStage : RecipeStage<AuditSubject, ProbeOptions, ProbeRecord>
{
    public override string Key => "probe";

    public override void Validate(ProbeOptions options, Recipe recipe) => options.Validate();

    /// <summary>Probes the encoders; a self-supervised model takes the linear probes as its heads, and its file is written anew.</summary>
    public override ProbeRecord Run(AuditSubject model, ProbeOptions options, StageContext context)
    {
        (DatasetSplits data, Recipe recipe, CancellationToken token) = (model.Splits, context.Recipe, context.CancellationToken);
        List<ProbedFeatures> probed = [.. model.Probed.Select(m => Run(m.IsEma ? ProbedFeatures.AveragedEncoder : ProbedFeatures.Encoder, (EncoderClassifier)m.Network, data, options, token))];
        if (model.WeightsToComplete is { } weights && recipe.Objective.IsSelfSupervised)
            Complete(weights, model.Probed[0].Network, model.Probed.ElementAtOrDefault(1)?.Network);
        if (options.Baselines)
        {
            using var untrained = new EncoderClassifier(recipe.Model.Encoder.Create(data.Train.InputShape, recipe.Seed), data.Train.ClassCount, recipe.Seed);
            untrained.to(data.Train.Device);

            // An untrained encoder needs running statistics of its own before it can be judged fairly.
            BatchNormStatistics.Recalibrate(untrained, data.Train, batchSize: 128, batches: 40);
            probed.Add(Run("untrained encoder", untrained, data, options, token));
            probed.Add(RunRaw(data, options, token));
        }

        return new ProbeRecord(data.Train.Count, data.Test.Count, probed);
    }

    public override IEnumerable<(string Name, double Value)> Numbers(ProbeRecord record) => Summarize(record);

    public override string Describe(ProbeRecord record) =>
        string.Join(", ", record.Probed.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Features} {p.Linear:P1} linear, {p.Knn:P1} neighbours")));

    public override void Write(ProbeRecord record, HtmlReport report, ReportContext context) => ProbeSection.Write(report, record);

    public override IEnumerable<SummaryCard> Cards(ProbeRecord record)
    {
        ProbedFeatures best = record.Probed[0];
        string gain = record.Probed.FirstOrDefault(p => p.Features == "untrained encoder") is { } untrained ? $"{Format.Percent(untrained.Linear)} untrained" : $"{Format.Count(record.TestSamples)} test samples";
        yield return new(Format.Percent(best.Linear), "linear probe", gain);
        yield return new(Format.Percent(best.Knn), "nearest neighbours", "accuracy of the most similar training samples' labels");
    }

    private static void Complete(string path, torch.nn.Module raw, torch.nn.Module? averaged)
    {
        SafetensorsFile file = SafetensorsFile.Open(path);
        IReadOnlyDictionary<string, string> metadata = file.Metadata;
        IEnumerable<KeyValuePair<string, Tensor>> tensors = raw.state_dict().Select(t => new KeyValuePair<string, Tensor>(t.Key, t.Value))
            .Concat((averaged?.state_dict() ?? []).Select(t => new KeyValuePair<string, Tensor>(ModelWeights.EmaPrefix + t.Key, t.Value)));
        SafetensorsFile.Write(path, [.. tensors], metadata);
    }

    /// <summary>Probes one encoder, and gives the classifier its linear probe as head.</summary>
    public static ProbedFeatures Run(string name, EncoderClassifier classifier, DatasetSplits splits, ProbeOptions options, CancellationToken cancellationToken)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor train = EncoderFeatures.Of(classifier.Encoder, splits.Train, cancellationToken);
        Tensor test = EncoderFeatures.Of(classifier.Encoder, splits.Test, cancellationToken);
        (ProbedFeatures found, LinearProbeResult linear) = Probe(name, train, test, splits, options, cancellationToken);
        using (linear)
        {
            classifier.Head.weight!.copy_(linear.Weights);
            classifier.Head.bias!.copy_(linear.Bias);
        }

        return found;
    }

    /// <summary>Probes the inputs as they are.</summary>
    public static ProbedFeatures RunRaw(DatasetSplits splits, ProbeOptions options, CancellationToken cancellationToken)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        (ProbedFeatures found, LinearProbeResult linear) = Probe("raw inputs", splits.Train.All().Inputs.flatten(1), splits.Test.All().Inputs.flatten(1), splits, options, cancellationToken);
        linear.Dispose();
        return found;
    }

    public static IEnumerable<(string Name, double Value)> Summarize(ProbeRecord record)
    {
        foreach (ProbedFeatures probed in record.Probed)
        {
            string prefix = probed.Features switch
            {
                ProbedFeatures.Encoder => "probe",
                ProbedFeatures.AveragedEncoder => "probe.ema",
                "untrained encoder" => "probe.untrained",
                _ => "probe.raw",
            };
            yield return ($"{prefix}.linear", probed.Linear);
            yield return ($"{prefix}.knn", probed.Knn);
            yield return ($"{prefix}.spread", probed.Spread);
            if (probed.IsCollapsed)
                yield return ($"{prefix}.collapsed", 1);
        }
    }

    private static (ProbedFeatures Found, LinearProbeResult Linear) Probe(string name, Tensor train, Tensor test, DatasetSplits splits, ProbeOptions options, CancellationToken cancellationToken)
    {
        LinearProbeResult linear = new LinearProbe(options.Linear).Run(train, splits.Train.Labels, test, splits.Test.Labels, cancellationToken);
        KnnProbeResult knn = new KnnProbe(options.Knn).Run(train, splits.Train.Labels, test, splits.Test.Labels, cancellationToken);
        CollapseReport collapse = new CollapseMonitor(new()).Run(test);
        return (new ProbedFeatures(name, (int)test.shape[1], linear.Accuracy, knn.Accuracy, collapse.Spread, collapse.EffectiveRank), linear);
    }
}
