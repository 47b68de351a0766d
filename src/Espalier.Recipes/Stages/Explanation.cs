namespace Espalier.Recipes.Stages;

/// <summary>One input and the nearest one found that the model takes for the target class.</summary>
/// <param name="Original">The input.</param>
/// <param name="Counterfactual">The changed input.</param>
/// <param name="Target">The wanted class.</param>
/// <param name="Valid">Whether the model takes it for that class.</param>
/// <param name="TargetProbability">The target's probability after the change.</param>
/// <param name="L1">Sum of absolute changes.</param>
/// <param name="L2">Euclidean length of the change.</param>
/// <param name="Changed">Number of changed values.</param>
public sealed record Explanation(ImageSample Original, ImageSample Counterfactual, int Target, bool Valid, double TargetProbability, double L1, double L2, int Changed);
