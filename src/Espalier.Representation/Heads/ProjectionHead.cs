using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Representation.Heads;

/// <summary>
/// The projector and the predictor of BYOL and SimCLR: Linear, norm, ReLU, Linear. Weights start U(±1/sqrt(fan_in)), as
/// PyTorch's linear layers do.
/// </summary>
public sealed class ProjectionHead : Module<Tensor, Tensor>
{
    [ComponentName(Name = "hidden")]
    private readonly Linear _hidden;

    [ComponentName(Name = "norm")]
    private readonly Module<Tensor, Tensor> _norm;

    [ComponentName(Name = "output")]
    private readonly Linear _output;

    /// <summary>Creates the head. Do not create it inside a dispose scope.</summary>
    /// <param name="inputs">Width of its input, at least 1.</param>
    /// <param name="options">Its shape.</param>
    /// <param name="seed">The weights are a function of the shape and this seed.</param>
    /// <param name="norm">
    /// Makes the normalisation of the hidden layer, [n, width] to [n, width], from its width; the head owns it. Batch
    /// normalisation with ε 1e-5 and momentum 0.1 where null.
    /// </param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public ProjectionHead(int inputs, ProjectionHeadOptions options, int seed = 0, Func<int, Module<Tensor, Tensor>>? norm = null) : base(nameof(ProjectionHead))
    {
        OptionsException.Require(inputs >= 1, nameof(inputs), inputs, "must be at least 1");
        options.Validate();
        (Inputs, Options) = (inputs, options);
        _hidden = Linear(inputs, options.HiddenSize);
        _norm = norm is null ? BatchNorm1d(options.HiddenSize, eps: 1e-5, momentum: 0.1) : norm(options.HiddenSize);
        _output = Linear(options.HiddenSize, options.OutputSize, options.OutputBias);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        Initialization.Default(_hidden, generator);
        Initialization.Default(_output, generator);
        register_module("hidden", _hidden);
        register_module("norm", _norm);
        register_module("output", _output);
    }

    /// <summary>Width of the input.</summary>
    public int Inputs { get; }

    /// <summary>The head's shape.</summary>
    public ProjectionHeadOptions Options { get; }

    /// <param name="input">[n, <see cref="Inputs"/>].</param>
    /// <returns>[n, <see cref="ProjectionHeadOptions.OutputSize"/>].</returns>
    /// <exception cref="ShapeException">Another shape.</exception>
    public override Tensor forward(Tensor input)
    {
        if (input.shape is not [_, var width] || width != Inputs)
            throw new ShapeException(nameof(input), input.shape, $"[n, {Inputs}]");
        return _output.call(functional.relu(_norm.call(_hidden.call(input))));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _hidden.Dispose();
            _norm.Dispose();
            _output.Dispose();
        }

        base.Dispose(disposing);
    }
}
