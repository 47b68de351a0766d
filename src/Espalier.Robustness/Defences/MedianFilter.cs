using Espalier.Errors;

namespace Espalier.Robustness.Defences;

/// <summary>The median of each pixel's square neighbourhood (Xu et al., "Feature Squeezing", NDSS 2018), edges repeated.</summary>
/// <param name="side">Side of the neighbourhood, odd, at least 3.</param>
/// <exception cref="OptionsException">The side is even or below 3.</exception>
public sealed class MedianFilter(int side = 3) : InputTransform
{
    private readonly int _side = Checked(side);

    /// <inheritdoc/>
    public override string Description => $"median of {_side} x {_side} pixels";

    /// <inheritdoc/>
    public override Tensor Apply(Tensor inputs)
    {
        if (inputs.dim() != 4)
            throw new ShapeException("inputs", inputs.shape, "[batch, channels, height, width]: a median filter takes images");
        int reach = _side / 2;
        Tensor padded = torch.nn.functional.pad(inputs, [reach, reach, reach, reach], PaddingModes.Replicate);
        (long height, long width) = (inputs.shape[2], inputs.shape[3]);
        var shifted = new List<Tensor>();
        for (int row = 0; row < _side; row++)
        {
            for (int column = 0; column < _side; column++)
                shifted.Add(padded.narrow(2, row, height).narrow(3, column, width));
        }

        return torch.stack(shifted, 0).sort(0).Values.select(0, shifted.Count / 2);
    }

    private static int Checked(int side)
    {
        OptionsException.Require(side >= 3 && side % 2 == 1, nameof(side), side, "must be odd and at least 3");
        return side;
    }
}
