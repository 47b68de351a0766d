namespace Espalier.Anomaly.Tabular;

/// <summary>
/// How unlikely a row's values are by the empirical copula (Li et al., "COPOD", ICDM 2020): Σ max(F_s, (F_l + F_r)/2), with the
/// terms of <see cref="Ecod"/>. No options, no scale.
/// </summary>
public sealed class Copod() : TabularDetector("copod", standardizes: false)
{
    private TailProbabilities? _tails;

    internal override object? OptionsForFile => null;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken) => _tails = new(rows);

    private protected override double[] ScoreRows(TabularRows rows) => _tails!.Sum(rows, (left, right, skewed) => Math.Max(skewed, (left + right) / 2));

    private protected override void WriteState(TabularState state) => _tails!.Write(state);

    private protected override void ReadState(TabularState state) => _tails = new(state, Width - ConstantColumns.Count);
}
