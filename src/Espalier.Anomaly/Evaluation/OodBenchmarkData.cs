namespace Espalier.Anomaly.Evaluation;

/// <summary>The in-distribution samples of an <see cref="OodBenchmark"/>, in three parts that share no sample; the caller's.</summary>
/// <param name="FitInputs">[n, ...], of the training: what detectors are fitted on.</param>
/// <param name="FitLabels">[n], int64.</param>
/// <param name="HeldOutInputs">[h, ...], not of the training: what the temperature and the recommendation rest on.</param>
/// <param name="HeldOutLabels">[h], int64.</param>
/// <param name="TestInputs">[t, ...]: what is reported.</param>
/// <param name="TestLabels">[t], int64.</param>
public sealed record OodBenchmarkData(Tensor FitInputs, Tensor FitLabels, Tensor HeldOutInputs, Tensor HeldOutLabels, Tensor TestInputs, Tensor TestLabels);
