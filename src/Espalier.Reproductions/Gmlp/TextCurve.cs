namespace Espalier.Reproductions.Gmlp;

/// <summary>How one training went.</summary>
/// <param name="Parameters">Number of trainable values.</param>
/// <param name="Points">Steps and the validation number there.</param>
/// <param name="Seconds">Time in training steps.</param>
internal sealed record TextCurve(long Parameters, IReadOnlyList<(double Step, double Value)> Points, double Seconds)
{
    /// <summary>The number at the end.</summary>
    public double Final => Points[^1].Value;

    /// <summary>The number after a step.</summary>
    public double At(double step) => Points.Single(p => p.Step == step).Value;
}
