namespace Espalier.Data.Augmentation;

/// <summary>Images made of two each.</summary>
/// <param name="Inputs">[n, channels, height, width].</param>
/// <param name="PartnerLabels">Label of the second image of each, [n].</param>
/// <param name="Share">Share of the first image in all of them, in [0, 1].</param>
public readonly record struct MixedBatch(Tensor Inputs, Tensor PartnerLabels, double Share);
