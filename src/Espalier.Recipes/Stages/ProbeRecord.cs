namespace Espalier.Recipes.Stages;

/// <summary>What the probe stage leaves in <c>stages/probe.json</c>.</summary>
/// <param name="TrainSamples">Samples that the probes learned from.</param>
/// <param name="TestSamples">Samples that they were judged on.</param>
/// <param name="Probed">The features, the trained ones first.</param>
public sealed record ProbeRecord(int TrainSamples, int TestSamples, IReadOnlyList<ProbedFeatures> Probed);
