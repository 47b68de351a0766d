namespace Espalier.Robustness.Regions;

/// <summary>
/// What an L0 norm counts: of images, [batch, channels, height, width], places with all their channels, as Croce and Hein 2019
/// count; of other inputs features.
/// </summary>
internal static class Pixels
{
    /// <summary>How many an input has.</summary>
    /// <param name="inputs">[batch, ...].</param>
    public static long Count(Tensor inputs) => inputs.dim() == 4 ? inputs.shape[2] * inputs.shape[3] : inputs.numel() / inputs.shape[0];

    /// <summary>The squared change of each, summed over its channels, [batch, pixels].</summary>
    /// <param name="changes">[batch, ...].</param>
    public static Tensor Squares(Tensor changes) => changes.dim() == 4 ? changes.pow(2).sum([1]).flatten(1) : changes.pow(2).flatten(1);

    /// <summary>The largest change of a channel of each, [batch, pixels].</summary>
    /// <param name="changes">[batch, ...].</param>
    public static Tensor Largest(Tensor changes) => changes.dim() == 4 ? changes.abs().amax([1]).flatten(1) : changes.abs().flatten(1);

    /// <summary>One value per pixel in a shape that broadcasts against inputs.</summary>
    /// <param name="perPixel">[batch, pixels].</param>
    /// <param name="like">[batch, ...].</param>
    public static Tensor Spread(Tensor perPixel, Tensor like) => like.dim() == 4 ? perPixel.view(like.shape[0], 1, like.shape[2], like.shape[3]) : perPixel.view(like.shape);

    /// <summary>The k pixels of largest value, [batch, pixels], bool; all where there are no more.</summary>
    /// <param name="values">[batch, pixels].</param>
    /// <param name="k">How many.</param>
    public static Tensor Most(Tensor values, long k)
    {
        if (k >= values.shape[1])
            return torch.ones_like(values, dtype: torch.@bool);
        Tensor none = torch.zeros_like(values, dtype: torch.@bool);
        if (k == 0)
            return none;
        Tensor chosen = values.topk((int)k, 1).indexes;
        return none.scatter(1, chosen, torch.ones_like(chosen, dtype: torch.@bool));
    }
}
