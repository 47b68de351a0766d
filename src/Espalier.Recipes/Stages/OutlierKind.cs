namespace Espalier.Recipes.Stages;

/// <summary>A kind of generated outliers.</summary>
public enum OutlierKind
{
    /// <summary>Gaussian noise, clipped into the bounds.</summary>
    Gaussian,

    /// <summary>Rademacher noise: each pixel at either end of the bounds.</summary>
    Rademacher,

    /// <summary>Blurred and thresholded noise: amorphous blobs.</summary>
    Blobs,

    /// <summary>Test images with their pixels shuffled.</summary>
    PixelShuffle,
}
