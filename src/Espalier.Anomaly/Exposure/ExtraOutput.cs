using Espalier.Errors;
using Espalier.Networks;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Anomaly.Exposure;

/// <summary>
/// A classifier of K classes on a network with K + 1 outputs, of which the last says whether the input is one for it: the logit of a
/// reject class, or of the confidence b = sigmoid(last) (DeVries and Taylor 2018).
/// </summary>
public sealed class ExtraOutput : Module<Tensor, Tensor>
{
    // λ_c of DeVries and Taylor: it changes from step to step and must be there when a training goes on.
    private const double FirstWeight = 0.1;

    [ComponentName(Name = "network")]
    private readonly Module<Tensor, Tensor> _network;

    [ComponentName(Name = "confidence_weight")]
    private readonly Tensor _confidenceWeight;

    /// <summary>Wraps a network.</summary>
    /// <param name="network">Maps inputs to K + 1 numbers; from now on this object's.</param>
    /// <param name="classes">K, at least 2.</param>
    /// <exception cref="OptionsException">Fewer than two classes.</exception>
    public ExtraOutput(Module<Tensor, Tensor> network, int classes) : base(nameof(ExtraOutput))
    {
        OptionsException.Require(classes >= 2, nameof(classes), classes, "must be at least 2");
        (_network, Classes) = (network, classes);
        _confidenceWeight = torch.tensor(FirstWeight).DetachFromDisposeScope();
        register_module("network", _network);
        register_buffer("confidence_weight", _confidenceWeight);
    }

    /// <summary>Makes a network of the zoo with an output more than there are classes.</summary>
    /// <param name="options">Which network.</param>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classes">Number of classes.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    public static ExtraOutput Create(ModelOptions options, IReadOnlyList<long> inputShape, int classes, int seed) => new(ModelZoo.Create(options, inputShape, classes + 1, seed), classes);

    /// <summary>The network with K + 1 outputs.</summary>
    public Module<Tensor, Tensor> Network => _network;

    /// <summary>Whether a file holds such a network rather than a plain one.</summary>
    /// <param name="path">A file of weights, or the folder of a run.</param>
    public static bool IsIn(string path)
    {
        string file = Directory.Exists(path) ? Path.Combine(path, Models.ModelWeights.FileName) : path;
        return file.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && File.Exists(file) && Models.SafetensorsFile.Open(file).Contains("confidence_weight");
    }

    /// <summary>K.</summary>
    public int Classes { get; }

    /// <summary>λ_c, what the confidence's loss is multiplied by; changes while it is learned.</summary>
    public double ConfidenceWeight => _confidenceWeight.ToDouble();

    /// <param name="input">[batch, ...].</param>
    /// <returns>Logits of the classes, [batch, K].</returns>
    public override Tensor forward(Tensor input) => All(input).narrow(1, 0, Classes);

    /// <summary>All outputs.</summary>
    /// <param name="input">[batch, ...].</param>
    /// <returns>[batch, K + 1].</returns>
    /// <exception cref="ShapeException">The network has another number of outputs.</exception>
    public Tensor All(Tensor input)
    {
        Tensor all = _network.call(input);
        if (all.dim() != 2 || all.shape[1] != Classes + 1)
            throw new ShapeException("the network's outputs", all.shape, $"[batch, {Classes + 1}], one more than there are classes");
        return all;
    }

    internal void SetConfidenceWeight(double weight)
    {
        using var _ = torch.no_grad();
        _confidenceWeight.fill_(weight);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _network.Dispose();
            _confidenceWeight.Dispose();
        }

        base.Dispose(disposing);
    }
}
