using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>Between a model's own range of pixels and [0, 1], where black is 0.</summary>
internal readonly struct PixelRange
{
    private readonly double _lower;
    private readonly double _width;

    /// <exception cref="OptionsException">The bounds are not one finite range.</exception>
    public PixelRange(InputBounds bounds)
    {
        OptionsException.Require(bounds.IsUniform && double.IsFinite(bounds.Upper - bounds.Lower), nameof(bounds), $"{bounds.Lower} to {bounds.Upper}",
            "must be one finite range for all pixels: without it nobody knows what is black and what is white");
        (_lower, _width) = (bounds.Lower, bounds.Upper - bounds.Lower);
    }

    public Tensor ToUnit(Tensor pixels) => _lower == 0 && _width == 1 ? pixels : (pixels - _lower) / _width;

    public Tensor FromUnit(Tensor unit) => _lower == 0 && _width == 1 ? unit : (unit * _width) + _lower;
}
