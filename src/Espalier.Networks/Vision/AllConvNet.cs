using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// All convolutions (Springenberg et al. 2015, as in the code of Outlier Exposure): three of k channels, pooling, three of 2k, pooling, one
/// without padding, two of 1x1 that are padded all the same, the mean, a linear layer; each convolution with its norm and x·sigmoid(1.702x).
/// </summary>
public sealed class AllConvNet : Module<Tensor, Tensor>
{
    // Where the two poolings come, after so many convolutions.
    private static readonly int[] Poolings = [3, 6];

    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "convs")]
    private readonly ModuleList<Conv2d> _convolutions = [];

    [ComponentName(Name = "norms")]
    private readonly ModuleList<BatchNorm2d> _norms = [];

    [ComponentName(Name = "dropout")]
    private readonly SampleDropout _dropout;

    [ComponentName(Name = "fc")]
    private readonly Linear _fc;

    private readonly long[] _shape;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public AllConvNet(AllConvNetOptions options, int seed = 0) : base(nameof(AllConvNet))
    {
        options.Validate();
        Options = options;
        _shape = ImageShape.Of(options);
        _input = new Standardization(options.InputMean, options.InputStd);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        long k = options.Width, channels = _shape[0];
        foreach ((long outputs, int kernel, int padding) in (ReadOnlySpan<(long, int, int)>)[(k, 3, 1), (k, 3, 1), (k, 3, 1), (2 * k, 3, 1), (2 * k, 3, 1), (2 * k, 3, 1), (2 * k, 3, 0), (2 * k, 1, 1), (2 * k, 1, 1)])
        {
            Conv2d convolution = Conv2d(channels, outputs, kernel, padding: padding);
            Initialization.KaimingNormalFanOut(convolution.weight!, generator);
            Initialization.Constant(convolution.bias!, 0);
            _convolutions.Add(convolution);
            _norms.Add(BatchNorm2d(outputs));
            channels = outputs;
        }

        _dropout = new SampleDropout(options.Dropout);
        _fc = Linear(channels, Given.Value(options.Classes, nameof(options.Classes)));
        Initialization.Default(_fc, generator);
        register_module("input", _input);
        register_module("convs", _convolutions);
        register_module("norms", _norms);
        register_module("dropout", _dropout);
        register_module("fc", _fc);
    }

    /// <summary>What the network was made from.</summary>
    public AllConvNetOptions Options { get; }

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>Logits, [batch, classes].</returns>
    /// <exception cref="ShapeException">Another shape than the network was made for.</exception>
    public override Tensor forward(Tensor input)
    {
        ImageShape.Require(input, _shape);
        Tensor x = _input.call(input);
        for (int i = 0; i < _convolutions.Count; i++)
        {
            x = _norms[i].call(FoldedConvolution.Apply(_convolutions[i], x));
            x = x * (x * ConvNet.SigmoidSlope).sigmoid();
            if (PoolsAfter(i))
                x = _dropout.call(PairPooling.Maximum(x, 2));
        }

        return _fc.call(x.mean([2, 3]));
    }

    /// <summary>Whether the image is halved after a convolution.</summary>
    /// <param name="convolution">Which, from 0.</param>
    public static bool PoolsAfter(int convolution) => Poolings.Contains(convolution + 1);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _convolutions.Dispose();
            _norms.Dispose();
            _dropout.Dispose();
            _fc.Dispose();
        }

        base.Dispose(disposing);
    }
}
