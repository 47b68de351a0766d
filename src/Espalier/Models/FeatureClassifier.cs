using Espalier.Errors;
using TorchSharp.Modules;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Models;

/// <summary>
/// Any TorchSharp module with its features, by the name of a layer: a hook on that layer sees what passes through. Of the last
/// linear layer, which is the default, the features are the input; of any other layer they are the output, averaged over the
/// pixels or tokens where it has any.
/// </summary>
public sealed class FeatureClassifier : IFeatureClassifier, IModelIdentity, IDisposable
{
    // Float arithmetic in another order than the module's own.
    private const double Rounding = 1e-3;

    private readonly TorchClassifier _classifier;
    private readonly Action _unhook;
    private readonly ThreadLocal<Capture?> _capture = new();
    private bool _isVerified;

    private FeatureClassifier(TorchClassifier classifier, string layer, Module module, bool isHead)
    {
        (_classifier, Layer) = (classifier, layer);
        Head = isHead ? new LinearHead(((Linear)module).weight!, ((Linear)module).bias) : null;
        _unhook = module.register_forward_hook((_, input, output) =>
        {
            if (_capture.Value is { } capture)
                capture.Features = (isHead ? input : output).detach();
            return null!;
        }).remove;
    }

    /// <summary>The layer's name in the module.</summary>
    public string Layer { get; }

    /// <inheritdoc/>
    public LinearHead? Head { get; }

    /// <inheritdoc/>
    public int ClassCount => _classifier.ClassCount;

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape => _classifier.InputShape;

    /// <inheritdoc/>
    public InputBounds Bounds => _classifier.Bounds;

    /// <inheritdoc/>
    public string Checksum => _classifier.Checksum;

    /// <summary>Whether a module has a last linear layer that features can be read from.</summary>
    /// <param name="classifier">The module as a classifier.</param>
    public static bool HasHead(TorchClassifier classifier) => LastLinear(classifier).Layer is not null;

    /// <summary>Gives access to features.</summary>
    /// <param name="classifier">The module as a classifier; stays the caller's, and must live as long.</param>
    /// <param name="layer">A layer's name (<c>fc1</c>, <c>encoder.blocks.3</c>); the last linear layer with as many outputs as there are classes where null.</param>
    /// <returns>To be disposed, which takes the hook off.</returns>
    /// <exception cref="NotFoundException">There is no layer of that name, or no such linear layer.</exception>
    /// <exception cref="OptionsException">The layer takes or gives something else than one tensor.</exception>
    public static FeatureClassifier Of(TorchClassifier classifier, string? layer = null)
    {
        (string Name, Linear? Layer) last = LastLinear(classifier);
        if (layer is null)
        {
            return last.Layer is { } head
                ? new FeatureClassifier(classifier, last.Name, head, isHead: true)
                : throw new NotFoundException("last linear layer", $"of {classifier.ClassCount} classes", Names(classifier));
        }

        if (classifier.Module.named_modules().FirstOrDefault(m => m.name == layer) is not { module: { } found })
            throw new NotFoundException("layer", layer, Names(classifier));
        return found is Module module
            ? new FeatureClassifier(classifier, layer, module, ReferenceEquals(module, last.Layer))
            : throw new OptionsException("layer", layer, "must take one tensor and give one");
    }

    /// <inheritdoc/>
    public Tensor Logits(Tensor inputs) => _classifier.Logits(inputs);

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor inputs) => _classifier.Probabilities(inputs);

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs) => _classifier.Predict(inputs);

    /// <inheritdoc/>
    public (Tensor Features, Tensor Logits) FeaturesAndLogits(Tensor inputs)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var capture = new Capture();
        Tensor logits;
        try
        {
            _capture.Value = capture;
            logits = _classifier.Logits(inputs);
        }
        finally
        {
            _capture.Value = null;
        }

        Tensor features = capture.Features
            ?? throw new ModelOutputException($"layer '{Layer}'", "was not called", "call layers with call(...), not with forward(...), so that hooks run");
        features = Vectors(features, inputs.shape[0]);
        if (!_isVerified && Head is not null)
            Verify(features, logits);
        return (features.MoveToOuterDisposeScope(), logits.MoveToOuterDisposeScope());
    }

    /// <summary>Takes the hook off.</summary>
    public void Dispose()
    {
        _unhook();
        _capture.Dispose();
        Head?.Dispose();
    }

    private static (string Name, Linear? Layer) LastLinear(TorchClassifier classifier)
    {
        (string name, torch.nn.Module module) = classifier.Module.named_modules().LastOrDefault(m => m.module is Linear linear && linear.weight!.shape[0] == classifier.ClassCount);
        return module is null && classifier.Module is Linear own ? ("", own) : (name ?? "", module as Linear);
    }

    private static IEnumerable<string> Names(TorchClassifier classifier) => classifier.Module.named_modules().Select(m => m.name).Where(n => n.Length > 0);

    private Tensor Vectors(Tensor features, long count)
    {
        if (features.dim() < 2 || features.shape[0] != count)
            throw new ModelOutputException($"layer '{Layer}'", $"has shape [{string.Join(", ", features.shape)}] for {count} inputs", "name a layer that gives one vector, or one map of vectors, per input");

        // Head or not, what precedes a linear layer in the middle of a network is [batch, tokens, D]; convolutions give [batch, D, height, width].
        return features.dim() switch
        {
            2 => features,
            3 => features.mean([1]),
            _ => features.flatten(2).mean([2]),
        };
    }

    private void Verify(Tensor features, Tensor logits)
    {
        Tensor own = Head!.Logits(features.cpu().to(torch.float64));
        double difference = own.shape.SequenceEqual(logits.shape) ? (own - logits.cpu().to(torch.float64)).abs().max().ToDouble() : double.PositiveInfinity;
        double largest = logits.abs().max().ToDouble();
        if (!double.IsFinite(largest))
            throw new ModelOutputException("the model's logits", "hold values that are no finite numbers", "look for overflow, a division by zero or a logarithm of zero in the model");
        // NaN compares as false: what cannot be compared is not verified.
        if (!(difference <= Rounding * Math.Max(1, largest)))
        {
            throw new ModelOutputException($"layer '{Layer}'", "does not give the logits: something stands between it and the output",
                "give a module that ends in its last linear layer, or name another layer");
        }

        _isVerified = true;
    }

    private sealed class Capture
    {
        public Tensor? Features { get; set; }
    }
}
