using Espalier.Errors;

namespace Espalier.Networks.Vision;

/// <summary>The grid of patches that an image is cut into; tokens are its cells, row by row.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">Number of columns.</param>
public readonly record struct PatchGrid(int Rows, int Columns)
{
    /// <summary>Number of tokens n.</summary>
    public int Tokens => Rows * Columns;

    /// <summary>The grid of an image.</summary>
    internal static PatchGrid Of(long height, long width, int patchSize, int? patchWidth) =>
        new((int)(height / patchSize), (int)(width / (patchWidth ?? patchSize)));

    /// <summary>Refuses images that patches do not tile.</summary>
    /// <exception cref="OptionsException">Height or width is no multiple of the patch's.</exception>
    internal static void Validate(int? height, int? width, int patchSize, int? patchWidth)
    {
        OptionsException.Require(height is not int h || h % patchSize == 0, "imageHeight", height, $"must be a multiple of the patch height {patchSize}");
        OptionsException.Require(width is not int w || w % (patchWidth ?? patchSize) == 0, "imageWidth", width, $"must be a multiple of the patch width {patchWidth ?? patchSize}");
    }
}
