namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What the evaluation of a density leaves in <c>stages/density.json</c>.</summary>
/// <param name="Samples">Size of the test split.</param>
/// <param name="Values">Values of one image.</param>
/// <param name="Raw">Bits for each value of a test image, by the weights as trained or those asked for.</param>
/// <param name="Ema">The same by the averaged weights, or null without an EMA.</param>
public sealed record DensityRecord(int Samples, long Values, double Raw, double? Ema);
