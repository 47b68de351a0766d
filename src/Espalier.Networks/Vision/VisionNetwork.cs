using Espalier.Errors;
using TorchSharp.Modules;

namespace Espalier.Networks.Vision;

/// <summary>A network from images to logits, cut where others want to look: features, head, and what the blocks give on the way.</summary>
public abstract class VisionNetwork : torch.nn.Module<Tensor, Tensor>
{
    private protected VisionNetwork(string name, IVisionOptions options) : base(name) => Shape = ImageShape.Of(options);

    /// <summary>Shape of an image, [channels, height, width].</summary>
    public IReadOnlyList<long> InputShape => Shape;

    /// <summary>Number of classes.</summary>
    public int Classes => checked((int)Head.weight!.shape[0]);

    /// <summary>Size of the vector that the head reads.</summary>
    public int Features => checked((int)Head.weight!.shape[1]);

    /// <summary>Multiply-adds of convolutions and matrix products for one image; papers count twice as many "FLOPs".</summary>
    public abstract long MultiplyAdds { get; }

    /// <summary>Number of blocks that <see cref="ForwardIntermediates"/> can show.</summary>
    public abstract int BlockCount { get; }

    private protected long[] Shape { get; }

    /// <summary>The last layer.</summary>
    internal abstract Linear Head { get; }

    /// <param name="input">[batch, channels, height, width], in the unit that the options' mean and deviation speak of.</param>
    /// <returns>Logits, [batch, classes].</returns>
    /// <exception cref="ShapeException">The input has another shape than the network was made for.</exception>
    public override Tensor forward(Tensor input) => ForwardHead(ForwardFeatures(input));

    /// <summary>What the network makes of images before pooling.</summary>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <returns>[batch, tokens, features] after the final norm; of a convolutional network [batch, features, rows, columns].</returns>
    /// <exception cref="ShapeException">The input has another shape than the network was made for.</exception>
    public Tensor ForwardFeatures(Tensor input)
    {
        ImageShape.Require(input, Shape);
        return Normalized(Run(input, null));
    }

    /// <summary>Pools features and classifies them.</summary>
    /// <param name="features">Of <see cref="ForwardFeatures"/>.</param>
    /// <param name="preLogits">Whether to return the pooled vector rather than logits.</param>
    /// <returns>[batch, classes]; with <paramref name="preLogits"/> [batch, features].</returns>
    public Tensor ForwardHead(Tensor features, bool preLogits = false)
    {
        Tensor pooled = Pool(features);
        return preLogits ? pooled : Head.call(pooled);
    }

    /// <summary>What some blocks give.</summary>
    /// <param name="input">[batch, channels, height, width].</param>
    /// <param name="blocks">Which blocks, counted from 0.</param>
    /// <returns>One per block asked for, in that order, before the final norm.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such block.</exception>
    /// <exception cref="ShapeException">The input has another shape than the network was made for.</exception>
    public IReadOnlyList<Tensor> ForwardIntermediates(Tensor input, IReadOnlyList<int> blocks)
    {
        foreach (int block in blocks)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(block, nameof(blocks));
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(block, BlockCount, nameof(blocks));
        }

        ImageShape.Require(input, Shape);
        var seen = new Dictionary<int, Tensor>();
        Run(input, (block, value) =>
        {
            if (blocks.Contains(block))
                seen[block] = value;
        });
        return [.. blocks.Select(block => seen[block])];
    }

    /// <summary>Gives the network a fresh head for other classes; everything below stays.</summary>
    /// <param name="classes">Number of classes, at least 2.</param>
    /// <param name="seed">Of the head's weights, where they are random.</param>
    /// <exception cref="OptionsException">Fewer than two classes.</exception>
    public void ResetHead(int classes, int seed = 0)
    {
        OptionsException.Require(classes >= 2, nameof(classes), classes, "must be at least 2");
        Linear head = Head;
        (torch.ScalarType type, torch.Device device, int features) = (head.weight!.dtype, head.weight!.device, Features);
        head.weight = new Parameter(torch.zeros([classes, features], dtype: type, device: device));
        head.bias = new Parameter(torch.zeros([classes], dtype: type, device: device));
        using var generator = new torch.Generator(unchecked((ulong)seed));
        InitializeHead(generator);
    }

    /// <summary>The same network for another image size, its weights interpolated; accuracy must be measured again, or tuned.</summary>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    /// <returns>A new network, in training mode, on the CPU; the caller's. With the size of this one an exact copy.</returns>
    /// <exception cref="OptionsException">The size does not fit the patches.</exception>
    public VisionNetwork ResizeTo(int height, int width)
    {
        VisionNetwork resized = Create(height, width);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Dictionary<string, Tensor> target = resized.state_dict();
        foreach ((string name, Tensor value) in state_dict())
        {
            Tensor source = value.detach().cpu();
            target[name].copy_(height == Shape[1] && width == Shape[2] ? source : Resampled(name, source, resized));
        }

        return resized;
    }

    /// <summary>Runs stem and blocks.</summary>
    /// <param name="input">Images of the right shape.</param>
    /// <param name="seen">Shown what each block gives; nobody where null.</param>
    private protected abstract Tensor Run(Tensor input, Action<int, Tensor>? seen);

    private protected abstract Tensor Normalized(Tensor features);

    private protected abstract Tensor Pool(Tensor features);

    private protected abstract VisionNetwork Create(int height, int width);

    private protected abstract void InitializeHead(torch.Generator generator);

    /// <summary>A tensor of the state dict for another image size.</summary>
    private protected virtual Tensor Resampled(string name, Tensor value, VisionNetwork target) => value;

    /// <summary>Runs blocks one after the other; without a graph only one block's intermediates are alive at a time.</summary>
    private protected static Tensor RunBlocks(IReadOnlyList<torch.nn.Module<Tensor, Tensor>> blocks, Tensor input, Action<int, Tensor>? seen)
    {
        Tensor x = input;
        for (int i = 0; i < blocks.Count; i++)
        {
            using var scope = torch.NewDisposeScope();
            x = blocks[i].call(x).MoveToOuterDisposeScope();
            seen?.Invoke(i, x);
        }

        return x;
    }
}
