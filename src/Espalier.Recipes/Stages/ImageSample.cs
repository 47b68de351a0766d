namespace Espalier.Recipes.Stages;

/// <summary>One input as a stage's record keeps it, for pictures in the report.</summary>
/// <param name="Values">The values in row-major order.</param>
/// <param name="Label">Its class.</param>
/// <param name="Predicted">What the model takes it for.</param>
/// <param name="Confidence">The probability of that, in [0, 1].</param>
public sealed record ImageSample(IReadOnlyList<float> Values, int Label, int Predicted, double Confidence);
