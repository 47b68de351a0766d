using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Mlp;

/// <summary>
/// A multilayer perceptron: linear layers with ReLU between them. Weights and biases start U(±1/sqrt(fan_in)), as
/// PyTorch's linear layers do. An input of any shape is flattened.
/// </summary>
public sealed class MlpClassifier : Module<Tensor, Tensor>
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<Linear> _layers = [];

    private readonly SampleDropout _dropout;

    private readonly int _inputs;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; inputs and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public MlpClassifier(MlpOptions options, int seed = 0) : base(nameof(MlpClassifier))
    {
        options.Validate();
        Options = options;
        _inputs = options.Inputs ?? throw new OptionsException("inputs", null, "must be given, by the data or the options");
        int classes = options.Classes ?? throw new OptionsException("classes", null, "must be given, by the data or the options");
        _input = new Standardization(options.InputMean, options.InputStd, dimensions: 2);
        int[] widths = [_inputs, .. options.HiddenSizes, classes];
        using var generator = new torch.Generator(unchecked((ulong)seed));
        for (int i = 1; i < widths.Length; i++)
        {
            Linear layer = Linear(widths[i - 1], widths[i]);
            Initialization.Default(layer, generator);
            _layers.Add(layer);
        }

        _dropout = new SampleDropout(options.Dropout);
        register_module("input", _input);
        register_module("layers", _layers);
        register_module("dropout", _dropout);
    }

    /// <summary>What the network was made from.</summary>
    public MlpOptions Options { get; }

    /// <param name="input">[batch, ...] with <see cref="MlpOptions.Inputs"/> features a sample.</param>
    /// <returns>Logits, [batch, classes].</returns>
    /// <exception cref="ShapeException">Another number of features.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.dim() < 2 || input.numel() != input.shape[0] * _inputs)
            throw new ShapeException("inputs", input.shape, $"[batch, {_inputs}]");
        Tensor x = _input.call(input.flatten(1));
        for (int i = 0; i < _layers.Count; i++)
        {
            x = _layers[i].call(x);
            if (i < _layers.Count - 1)
                x = _dropout.call(functional.relu(x));
        }

        return x;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _layers.Dispose();
            _dropout.Dispose();
        }

        base.Dispose(disposing);
    }
}
