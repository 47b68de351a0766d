using Espalier.Data;
using Espalier.Networks.Encoders;
using Espalier.Representation.Evaluation;
using Espalier.Representation.SelfSupervision;

namespace Espalier.Recipes.Stages;

/// <summary>Judges an encoder by what simple classifiers make of its features.</summary>
internal static class ProbeStage
{
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
