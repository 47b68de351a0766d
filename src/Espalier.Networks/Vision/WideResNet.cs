using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// A wide residual network for small images (Zagoruyko and Komodakis 2016): a 3x3 convolution, three stages of pre-activated blocks with
/// strides 1, 2, 2, norm, ReLU, the mean over the image, a linear layer. Convolutions start at N(0, 2/(k²·outputs)), as in the code of
/// Outlier Exposure, whose names it has.
/// </summary>
public sealed class WideResNet : Module<Tensor, Tensor>
{
    private const int BaseChannels = 16;

    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "conv1")]
    private readonly Conv2d _conv1;

    private readonly ModuleList<WideResNetBlock>[] _stages = new ModuleList<WideResNetBlock>[3];

    [ComponentName(Name = "bn1")]
    private readonly BatchNorm2d _norm;

    [ComponentName(Name = "fc")]
    private readonly Linear _fc;

    private readonly long[] _shape;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public WideResNet(WideResNetOptions options, int seed = 0) : base(nameof(WideResNet))
    {
        options.Validate();
        Options = options;
        _shape = ImageShape.Of(options);
        _input = new Standardization(options.InputMean, options.InputStd);
        _conv1 = Conv2d(_shape[0], BaseChannels, 3, padding: 1, bias: false);
        register_module("input", _input);
        register_module("conv1", _conv1);
        long channels = BaseChannels;
        for (int stage = 0; stage < _stages.Length; stage++)
        {
            _stages[stage] = [];
            long outputs = (long)BaseChannels * options.Width << stage;
            for (int block = 0; block < options.BlocksPerStage; block++)
            {
                _stages[stage].Add(new WideResNetBlock(channels, outputs, stage > 0 && block == 0 ? 2 : 1, options.Dropout));
                channels = outputs;
            }

            register_module($"block{stage + 1}", _stages[stage]);
        }

        _norm = BatchNorm2d(channels);
        _fc = Linear(channels, Given.Value(options.Classes, nameof(options.Classes)));
        register_module("bn1", _norm);
        register_module("fc", _fc);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        foreach ((_, Parameter weight) in named_parameters())
        {
            if (weight.dim() == 4)
                Initialization.KaimingNormalFanOut(weight, generator);
        }

        Initialization.Default(_fc, generator);
        Initialization.Constant(_fc.bias!, 0);
    }

    /// <summary>What the network was made from.</summary>
    public WideResNetOptions Options { get; }

    /// <summary>The blocks, in order, over all stages.</summary>
    public IReadOnlyList<WideResNetBlock> Blocks => [.. _stages.SelectMany(s => s)];

    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>Logits, [batch, classes].</returns>
    /// <exception cref="ShapeException">Another shape than the network was made for.</exception>
    public override Tensor forward(Tensor input)
    {
        ImageShape.Require(input, _shape);
        Tensor x = FoldedConvolution.Apply(_conv1, _input.call(input));
        foreach (WideResNetBlock block in Blocks)
            x = block.call(x);
        return _fc.call(_norm.call(x).relu().mean([2, 3]));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _conv1.Dispose();
            foreach (ModuleList<WideResNetBlock> stage in _stages)
                stage.Dispose();
            _norm.Dispose();
            _fc.Dispose();
        }

        base.Dispose(disposing);
    }
}
