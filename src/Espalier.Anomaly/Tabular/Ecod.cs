namespace Espalier.Anomaly.Tabular;

/// <summary>
/// How unlikely a row's values are, column by column, in the tail that the column's skewness names (Li et al., "ECOD", TKDE
/// 2022): Σ max(F_l, F_r, F_s) with F_l = −ln(share of training values at or below), F_r = −ln(share at or above), and F_s = F_l
/// of a left-skewed column, F_r of a right-skewed one, their sum of a symmetric one. No options, no scale.
/// </summary>
public sealed class Ecod() : TabularDetector("ecod", standardizes: false)
{
    private TailProbabilities? _tails;

    internal override object? OptionsForFile => null;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken) => _tails = new(rows);

    private protected override double[] ScoreRows(TabularRows rows) => _tails!.Sum(rows, (left, right, skewed) => Math.Max(Math.Max(left, right), skewed));

    private protected override void WriteState(TabularState state) => _tails!.Write(state);

    private protected override void ReadState(TabularState state) => _tails = new(state, Width - ConstantColumns.Count);
}
