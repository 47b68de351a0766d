using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>ResNet (He et al. 2016) in torchvision's layout and with its keys, which are timm's too; or with a stem for small images.</summary>
public sealed class ResNet : VisionNetwork
{
    [ComponentName(Name = "input")]
    private readonly Standardization _input;

    [ComponentName(Name = "conv1")]
    private readonly Conv2d _conv1;

    [ComponentName(Name = "bn1")]
    private readonly BatchNorm2d _bn1;

    private readonly ModuleList<ResNetBlock>[] _stages;

    [ComponentName(Name = "fc")]
    private readonly Linear _fc;

    /// <summary>Creates the network.</summary>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    public ResNet(ResNetOptions options, int seed = 0) : base(nameof(ResNet), options)
    {
        options.Validate();
        Options = options;
        _input = new Standardization(options.InputMean, options.InputStd);
        _conv1 = options.SmallImages
            ? ResNetBlock.Convolution(Shape[0], options.Width, 3, 1)
            : ResNetBlock.Convolution(Shape[0], options.Width, 7, 2);
        _bn1 = BatchNorm2d(options.Width);
        register_module("input", _input);
        register_module("conv1", _conv1);
        register_module("bn1", _bn1);
        _stages = new ModuleList<ResNetBlock>[options.Blocks.Count];
        long channels = options.Width;
        for (int stage = 0; stage < _stages.Length; stage++)
        {
            _stages[stage] = [];
            for (int block = 0; block < options.Blocks[stage]; block++)
            {
                var made = new ResNetBlock(channels, (long)options.Width << stage, stage > 0 && block == 0 ? 2 : 1, options.Bottleneck);
                _stages[stage].Add(made);
                channels = made.Outputs;
            }

            register_module($"layer{stage + 1}", _stages[stage]);
        }

        _fc = Linear(channels, Given.Value(options.Classes, nameof(options.Classes)));
        register_module("fc", _fc);
        using var generator = new torch.Generator(unchecked((ulong)seed));
        foreach ((string name, Parameter weight) in named_parameters())
        {
            if (weight.dim() == 4)
                Initialization.KaimingNormalFanOut(weight, generator);
        }

        InitializeHead(generator);
    }

    /// <summary>What the network was made from.</summary>
    public ResNetOptions Options { get; }

    /// <summary>The blocks, in order, over all stages.</summary>
    public IReadOnlyList<ResNetBlock> Blocks => [.. _stages.SelectMany(s => s)];

    /// <inheritdoc/>
    public override int BlockCount => Options.Blocks.Sum();

    /// <inheritdoc/>
    public override long MultiplyAdds
    {
        get
        {
            (long rows, long columns) = Convolved(_conv1, Shape[1], Shape[2]);
            long total = Cost(_conv1, rows, columns);
            if (!Options.SmallImages)
                (rows, columns) = ((rows + 1) / 2, (columns + 1) / 2);
            foreach (ResNetBlock block in Blocks)
            {
                (long inRows, long inColumns) = (rows, columns);
                foreach (Conv2d convolution in block.Convolutions)
                {
                    (rows, columns) = Convolved(convolution, rows, columns);
                    total += Cost(convolution, rows, columns);
                }

                if (block.Downsample is { } downsample)
                {
                    var convolution = (Conv2d)downsample[0];
                    (inRows, inColumns) = Convolved(convolution, inRows, inColumns);
                    total += Cost(convolution, inRows, inColumns);
                }
            }

            return total + (long)Features * Classes;
        }
    }

    /// <summary>The stem's convolution.</summary>
    internal Conv2d StemConvolution => _conv1;

    /// <summary>The stem's norm.</summary>
    internal BatchNorm2d StemNorm => _bn1;

    internal override Linear Head => _fc;

    private protected override Tensor Run(Tensor input, Action<int, Tensor>? seen)
    {
        Tensor x = _bn1.call(FoldedConvolution.Apply(_conv1, _input.call(input))).relu();
        if (!Options.SmallImages)
            x = functional.max_pool2d(x, 3, stride: 2, padding: 1);
        return RunBlocks(Blocks, x, seen);
    }

    private protected override Tensor Normalized(Tensor features) => features;

    private protected override Tensor Pool(Tensor features) => features.mean([2, 3]);

    private protected override VisionNetwork Create(int height, int width) =>
        new ResNet(Options with { ImageHeight = height, ImageWidth = width, Classes = Classes });

    private protected override void InitializeHead(torch.Generator generator) => Initialization.Default(_fc, generator);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _conv1.Dispose();
            _bn1.Dispose();
            foreach (ModuleList<ResNetBlock> stage in _stages)
                stage.Dispose();
            _fc.Dispose();
        }

        base.Dispose(disposing);
    }

    private static (long Rows, long Columns) Convolved(Conv2d convolution, long rows, long columns)
    {
        long stride = convolution.stride[0], padding = convolution.padding![0], kernel = convolution.kernel_size[0];
        return ((rows + 2 * padding - kernel) / stride + 1, (columns + 2 * padding - kernel) / stride + 1);
    }

    private static long Cost(Conv2d convolution, long rows, long columns) => convolution.weight!.numel() * rows * columns;
}
