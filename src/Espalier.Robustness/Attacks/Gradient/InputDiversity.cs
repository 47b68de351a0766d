using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// A random change of images that keeps what they show (Xie et al. 2019): each is scaled down to 90 to 100 % and put at a
/// random place on zeros, or left. Linear in the pixels: sampled at fixed places, so that a gradient goes the way back.
/// </summary>
internal sealed class InputDiversity : IDisposable
{
    private readonly Tensor _grid;

    private InputDiversity(Tensor grid) => _grid = grid;

    /// <summary>Draws one change per image.</summary>
    /// <param name="images">[batch, channels, height, width].</param>
    /// <param name="probability">That an image is changed.</param>
    /// <param name="random">Its randomness.</param>
    public static InputDiversity Draw(Tensor images, double probability, ExampleRandom random)
    {
        int count = (int)images.shape[0];
        (long height, long width) = (images.shape[2], images.shape[3]);
        float[] transforms = new float[count * 6];
        for (int i = 0; i < count; i++)
        {
            SplitMix64 stream = random.Stream(i);
            bool changed = stream.NextBernoulli(probability);
            double shrink = changed ? stream.NextBetween(0.9, 1) : 1;
            (double newWidth, double newHeight) = (Math.Round(width * shrink), Math.Round(height * shrink));
            (double scaleX, double scaleY) = (width / newWidth, height / newHeight);
            double left = stream.NextBelow((int)(width - newWidth) + 1);
            double top = stream.NextBelow((int)(height - newHeight) + 1);

            // Output pixel centers u in [-1, 1] come from scale·u + offset of the input.
            Span<float> row = transforms.AsSpan(i * 6, 6);
            row[0] = (float)scaleX;
            row[2] = (float)((scaleX * (width - newWidth - 2 * left)) / width);
            row[4] = (float)scaleY;
            row[5] = (float)((scaleY * (height - newHeight - 2 * top)) / height);
        }

        using Tensor theta = torch.tensor(transforms, [count, 2, 3]).to(images.dtype, images.device);
        return new InputDiversity(torch.nn.functional.affine_grid(theta, images.shape, align_corners: false));
    }

    /// <summary>The changed images.</summary>
    public Tensor Apply(Tensor images) => torch.nn.functional.grid_sample(images, _grid, align_corners: false);

    /// <summary>The gradient with respect to the images from that with respect to the changed ones.</summary>
    public Tensor Back(Tensor gradient)
    {
        using var enabled = torch.enable_grad();
        Tensor leaf = torch.zeros_like(gradient).requires_grad_(true);
        return torch.autograd.grad([(Apply(leaf) * gradient.detach()).sum()], [leaf])[0];
    }

    public void Dispose() => _grid.Dispose();
}
