namespace Espalier.Representation.Evaluation;

/// <summary>What a nearest-neighbour probe found.</summary>
/// <param name="Accuracy">Share of queries whose class got most votes, in [0, 1].</param>
/// <param name="TopFiveAccuracy">
/// Share of queries whose class is among the five with most votes, in [0, 1]; a class without votes does not count.
/// </param>
/// <param name="Predicted">The class with most votes for each query; of equals the first.</param>
public sealed record KnnProbeResult(double Accuracy, double TopFiveAccuracy, IReadOnlyList<long> Predicted);
