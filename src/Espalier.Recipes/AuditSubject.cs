using System.ComponentModel;
using Espalier.Data;
using Espalier.Models;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes;

/// <summary>The trained model of an objective with its data: what the stages of classifiers and densities need.</summary>
[Description("a classifier, encoder, density or language model of the section objective")]
internal sealed class AuditSubject : IDisposable
{
    private readonly IDisposable[] _owned;

    /// <param name="network">The network under audit.</param>
    /// <param name="classifier">It as a classifier; null where it has no classes.</param>
    /// <param name="splits">The data, on the model's device; stay the caller's.</param>
    /// <param name="owned">What is freed with it.</param>
    public AuditSubject(Module network, IDifferentiableClassifier? classifier, DatasetSplits splits, params IDisposable[] owned) =>
        (Network, Classifier, Splits, _owned) = (network, classifier, splits, owned);

    /// <summary>The network under audit.</summary>
    public Module Network { get; }

    /// <summary>It as a classifier; null where it has no classes.</summary>
    public IDifferentiableClassifier? Classifier { get; }

    /// <summary>The data.</summary>
    public DatasetSplits Splits { get; }

    /// <summary>The weights as trained, where those under audit are averaged ones; else those under audit.</summary>
    public IScoringClassifier? Raw { get; init; }

    /// <summary>The averaged weights; null where there are none.</summary>
    public IScoringClassifier? Averaged { get; init; }

    /// <summary>The models whose features are probed.</summary>
    public IReadOnlyList<AuditedModel> Probed { get; init; } = [];

    /// <summary>The file of weights that probed heads complete; null where it stays as it is.</summary>
    public string? WeightsToComplete { get; init; }

    /// <summary>For text: opens a text by name in the model's tokens.</summary>
    public Func<string, Dataset>? Texts { get; init; }

    /// <summary>What a stage works on.</summary>
    public AuditContext Context(StageContext context) =>
        new(context.Recipe, Network, Classifier, Splits.Train, Splits.Test, context.Seed, context.Progress, context.CancellationToken) { Texts = Texts };

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }
}
