using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Training.Normalization;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Encoders;

/// <summary>
/// A multilayer perceptron as encoder: linear layers, each followed by batch norm and ReLU. An input of any shape is
/// flattened. Its batch norm is a <see cref="GhostBatchNorm"/>, which the trainer sets.
/// </summary>
public sealed class MlpEncoder : Encoder
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "layers")]
    private readonly ModuleList<Linear> _layers = [];

    [ComponentName(Name = "norms")]
    private readonly ModuleList<GhostBatchNorm> _norms = [];

    private readonly int _inputs;

    internal MlpEncoder(EncoderOptions options, int inputs, int seed)
        : base(nameof(MlpEncoder), options.Widths[^1])
    {
        _inputs = inputs;
        _input = new Standardization(options.InputMean, options.InputStd, dimensions: 2);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        for (int i = 0; i < options.Widths.Count; i++)
        {
            Linear layer = Linear(i == 0 ? inputs : options.Widths[i - 1], options.Widths[i]);
            Initialization.Default(layer, generator);
            _layers.Add(layer);
            _norms.Add(new GhostBatchNorm(options.Widths[i]));
        }

        register_module("input", _input);
        register_module("layers", _layers);
        register_module("norms", _norms);
    }

    /// <param name="input">[batch, ...].</param>
    /// <returns>[batch, features].</returns>
    /// <exception cref="ShapeException">Another number of values a sample.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.dim() < 2 || input.numel() != input.shape[0] * _inputs)
            throw new ShapeException("inputs", input.shape, $"[batch, {_inputs}]");
        Tensor x = _input.call(input.flatten(1));
        for (int i = 0; i < _layers.Count; i++)
            x = functional.relu(_norms[i].call(_layers[i].call(x)));
        return x;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _layers.Dispose();
            _norms.Dispose();
        }

        base.Dispose(disposing);
    }
}
