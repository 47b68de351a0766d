namespace Espalier.Anomaly.Decisions;

/// <summary>
/// The simple jumper martingale (Vovk et al., "Retrain or not retrain", 2021): capital split over the bets ε = −1, 0, 1, of which a
/// share J moves each step; C_ε ← C_ε (1 + ε(p − ½)). Starts at 1, and reaches 1/δ on uniform p-values with probability at most δ
/// (Ville).
/// </summary>
internal sealed class SimpleJumper(double jump, double delta) : SequentialStatistic
{
    // Shares of the capital, and its logarithm: it outgrows any number.
    private double _low = 1.0 / 3;
    private double _none = 1.0 / 3;
    private double _high = 1.0 / 3;
    private double _logCapital;

    public override double Limit { get; } = -Math.Log(delta);

    public override double Next(double p)
    {
        double moved = jump / 3;
        double low = ((1 - jump) * _low + moved) * (1.5 - p);
        double none = (1 - jump) * _none + moved;
        double high = ((1 - jump) * _high + moved) * (0.5 + p);
        double factor = low + none + high;
        (_low, _none, _high) = (low / factor, none / factor, high / factor);
        return _logCapital += Math.Log(factor);
    }

    public override void Restart() => State = [1.0 / 3, 1.0 / 3, 1.0 / 3, 0];

    public override double[] State
    {
        get => [_low, _none, _high, _logCapital];
        set => (_low, _none, _high, _logCapital) = (value[0], value[1], value[2], value[3]);
    }
}
