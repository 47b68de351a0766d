using Espalier.Errors;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch.nn;

namespace Espalier.Networks.Vision;

/// <summary>
/// A network that cuts images into patches, runs blocks over the tokens, norms them, pools them and reads classes off: gMLP, ViT,
/// MLP-Mixer and ResMLP. A leaf says what a block and the final norm are, how weights begin, and which of them belong to the grid.
/// </summary>
/// <typeparam name="TOptions">What the network is told.</typeparam>
/// <typeparam name="TBlock">Its blocks.</typeparam>
public abstract class PatchNetwork<TOptions, TBlock> : VisionNetwork
    where TOptions : IPatchOptions
    where TBlock : Module<Tensor, Tensor>
{
    // Not one field each: a network that is registered as a child would have its fields registered once more, under the names of the
    // fields, and what the patch embedding is called differs between leaves.
    private readonly Parts _parts;

    /// <summary>Puts the network together; the leaf fills its weights with <see cref="InitializeAll"/>.</summary>
    /// <param name="name">The network's name.</param>
    /// <param name="options">Its shape; image size, channels and classes must be given.</param>
    /// <param name="stem">What the state dict calls the patch embedding.</param>
    /// <param name="block">Makes a block from the options, the number of patches and the block's place, counted from 0.</param>
    /// <param name="norm">Makes the final norm.</param>
    /// <exception cref="OptionsException">A value is missing or out of its range.</exception>
    private protected PatchNetwork(string name, TOptions options, string stem, Func<TOptions, int, int, TBlock> block, Func<TOptions, Module<Tensor, Tensor>> norm)
        : base(name, options)
    {
        options.Validate();
        Options = options;
        Grid = PatchGrid.Of(Shape[1], Shape[2], options.PatchSize, options.PatchWidth);
        int classes = Given.Value(options.Classes, nameof(options.Classes));
        _parts = new Parts(
            new Standardization(options.InputMean, options.InputStd),
            new PatchEmbedding((int)Shape[0], options.DModel, options.PatchSize, options.PatchWidth ?? options.PatchSize),
            [],
            norm(options),
            Linear(options.DModel, classes));
        for (int layer = 0; layer < options.Layers; layer++)
            _parts.Blocks.Add(block(options, Grid.Tokens, layer));
        register_module("input", _parts.Input);
        register_module(stem, _parts.Patches);
        register_module("blocks", _parts.Blocks);
        register_module("norm", _parts.Norm);
        register_module("head", _parts.Head);
    }

    /// <summary>What the network was made from.</summary>
    public TOptions Options { get; }

    /// <summary>The patch grid.</summary>
    public PatchGrid Grid { get; }

    /// <summary>The blocks, in order.</summary>
    public IReadOnlyList<TBlock> Blocks => [.. _parts.Blocks];

    /// <inheritdoc/>
    public override int BlockCount => _parts.Blocks.Count;

    /// <inheritdoc/>
    public override long MultiplyAdds => (Shape.Aggregate(1L, (x, y) => x * y) * Options.DModel) + (Options.Layers * BlockMultiplyAdds) + ((long)Options.DModel * Classes);

    internal override Linear Head => _parts.Head;

    /// <summary>Multiply-adds of a block's matrix products for one image.</summary>
    private protected abstract long BlockMultiplyAdds { get; }

    /// <summary>Draws all weights: those of the leaf itself, the patch embedding, the blocks, the head.</summary>
    /// <param name="seed">The weights are a function of the options and this seed.</param>
    /// <param name="block">Fills a block.</param>
    /// <param name="own">Fills what the leaf adds.</param>
    private protected void InitializeAll(int seed, Action<TBlock, torch.Generator> block, Action<torch.Generator>? own = null)
    {
        using var generator = new torch.Generator(unchecked((ulong)seed));
        own?.Invoke(generator);
        _parts.Patches.Initialize(generator);
        foreach (TBlock each in _parts.Blocks)
            block(each, generator);
        InitializeHead(generator);
    }

    /// <summary>What the blocks are given, [batch, tokens, d]: the patches, and whatever a leaf adds to them.</summary>
    private protected virtual Tensor Tokens(Tensor patches) => patches;

    /// <summary>A tensor of the state dict for another grid; it is not called where the grid stays.</summary>
    private protected abstract Tensor Resampled(string name, Tensor value, PatchGrid to);

    private protected sealed override Tensor Run(Tensor input, Action<int, Tensor>? seen) => RunBlocks(Blocks, Tokens(_parts.Patches.call(_parts.Input.call(input))), seen);

    private protected sealed override Tensor Normalized(Tensor features) => _parts.Norm.call(features);

    private protected override Tensor Pool(Tensor features) => features.mean([1]);

    private protected sealed override Tensor Resampled(string name, Tensor value, VisionNetwork target) => Resampled(name, value, ((PatchNetwork<TOptions, TBlock>)target).Grid);

    private protected override void InitializeHead(torch.Generator generator)
    {
        Initialization.Constant(Head.weight!, 0);
        Initialization.Constant(Head.bias!, 0);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _parts.Input.Dispose();
            _parts.Patches.Dispose();
            _parts.Blocks.Dispose();
            _parts.Norm.Dispose();
            _parts.Head.Dispose();
        }

        base.Dispose(disposing);
    }

    private sealed record Parts(Standardization Input, PatchEmbedding Patches, ModuleList<TBlock> Blocks, Module<Tensor, Tensor> Norm, Linear Head);
}
