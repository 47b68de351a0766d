namespace Espalier.Networks.Checkpoints;

/// <summary>A tensor as a pickle describes it.</summary>
/// <param name="Storage">Its data, which others may share.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">Sizes.</param>
/// <param name="Stride">Elements from one index to the next, for each dimension.</param>
internal sealed record PickledTensor(PickledStorage Storage, long Offset, long[] Shape, long[] Stride);
