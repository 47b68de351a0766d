using Espalier.Robustness.Attacks.Execution;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>Adam (Kingma and Ba 2015) on one variable per sample, whose moments leave with the samples.</summary>
internal sealed class SampleAdam(ActiveSamples active, RowState variable, double learningRate)
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Tiny = 1e-8;

    private readonly RowState _mean = active.Track(torch.zeros_like(variable.Value));
    private readonly RowState _square = active.Track(torch.zeros_like(variable.Value));
    private int _step;

    /// <summary>Goes one step down.</summary>
    /// <param name="gradient">[active, ...].</param>
    /// <param name="share">Of the learning rate, for those that let it fall.</param>
    public void Descend(Tensor gradient, double share = 1)
    {
        _step++;
        _mean.Value = Beta1 * _mean.Value + (1 - Beta1) * gradient;
        _square.Value = Beta2 * _square.Value + (1 - Beta2) * gradient.pow(2);
        Tensor scale = (_square.Value / (1 - Math.Pow(Beta2, _step))).sqrt() + Tiny;
        variable.Value = variable.Value - share * learningRate / (1 - Math.Pow(Beta1, _step)) * _mean.Value / scale;
    }
}
