using Espalier.Errors;
using Espalier.Networks.Layers;
using Espalier.Representation.Losses;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Representation.Heads;

/// <summary>
/// DINO's projection head: a perceptron of three layers with GELU, L2 normalisation, and a linear layer without bias whose
/// rows are divided by their norms (weight normalisation with its gain fixed at 1), so that logits are cosines. The
/// perceptron starts N(0, .02²) with zero biases, the prototypes U(±1/sqrt(bottleneck)).
/// </summary>
public sealed class DinoHead : Module<Tensor, Tensor>
{
    [ComponentName(Name = "layers")]
    private readonly ModuleList<Linear> _layers = [];

    [ComponentName(Name = "prototypes")]
    private readonly Parameter _prototypes;

    /// <summary>Creates the head. Do not create it inside a dispose scope.</summary>
    /// <param name="inputs">Width of its input, at least 1.</param>
    /// <param name="options">Its shape.</param>
    /// <param name="seed">The weights are a function of the shape and this seed.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public DinoHead(int inputs, DinoHeadOptions options, int seed = 0) : base(nameof(DinoHead))
    {
        OptionsException.Require(inputs >= 1, nameof(inputs), inputs, "must be at least 1");
        options.Validate();
        (Inputs, Options) = (inputs, options);
        int[] widths = [inputs, options.HiddenSize, options.HiddenSize, options.BottleneckSize];
        using var generator = new torch.Generator(unchecked((ulong)seed));
        for (int i = 1; i < widths.Length; i++)
        {
            Linear layer = Linear(widths[i - 1], widths[i]);
            // The official code cuts this normal at ±2, a hundred deviations away.
            Initialization.Normal(layer.weight!, 0.02, generator);
            Initialization.Constant(layer.bias!, 0);
            _layers.Add(layer);
        }

        _prototypes = Parameter(torch.empty(options.OutputSize, options.BottleneckSize));
        Initialization.Uniform(_prototypes, 1 / Math.Sqrt(options.BottleneckSize), generator);
        register_module("layers", _layers);
        register_parameter("prototypes", _prototypes);
    }

    /// <summary>Width of the input.</summary>
    public int Inputs { get; }

    /// <summary>The head's shape.</summary>
    public DinoHeadOptions Options { get; }

    /// <summary>Weights of the last layer before their normalisation, [outputs, bottleneck]; DINO freezes them in the first epoch.</summary>
    public Parameter Prototypes => _prototypes;

    /// <param name="input">[n, <see cref="Inputs"/>].</param>
    /// <returns>Logits in [-1, 1], [n, <see cref="DinoHeadOptions.OutputSize"/>].</returns>
    /// <exception cref="ShapeException">Another shape.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.shape is not [_, var width] || width != Inputs)
            throw new ShapeException(nameof(input), input.shape, $"[n, {Inputs}]");
        Tensor x = input;
        for (int i = 0; i < _layers.Count; i++)
        {
            x = _layers[i].call(x);
            if (i < _layers.Count - 1)
                x = functional.gelu(x);
        }

        return functional.linear(EmbeddingPair.Normalized(x), EmbeddingPair.Normalized(_prototypes));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _layers.Dispose();
            _prototypes.Dispose();
        }

        base.Dispose(disposing);
    }
}
