using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>Rows that do not follow the correlations of the training rows (Shyu et al. 2003).</summary>
public sealed class PcaDetector : TabularDetector
{
    private const double LeastVariance = 1e-8;
    private const double KeptVariance = 0.9;
    private const double LeastShare = 1e-17;

    private readonly PcaDetectorOptions _options;
    private double[] _mean = [];
    private double[] _variance = [];        // λ, largest first
    private double[] _component = [];       // [components × columns], unit vectors

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public PcaDetector(PcaDetectorOptions? options = null) : base("pca", options?.Standardize ?? true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        int most = Math.Min(rows.Count, rows.Width);
        OptionsException.Require(_options.Components is null || _options.Components <= most, nameof(PcaDetectorOptions.Components), _options.Components, $"must be at most {most}, the lesser of rows and varying columns");
        using var scope = torch.NewDisposeScope();
        Tensor x = rows.ToTensor();
        Tensor mean = x.mean([0]);
        Tensor centred = x - mean;
        (Tensor values, Tensor vectors) = torch.linalg.eigh(centred.t().matmul(centred) / (rows.Count - 1));
        _mean = mean.data<double>().ToArray();
        _variance = [.. values.flip(0).data<double>().ToArray().Take(most).Select(v => Math.Max(0, v))];
        Tensor leading = vectors.t().flip(0).narrow(0, 0, most);

        // The sign of a vector is arbitrary, and PyOD's score depends on it: the training row that lies farthest out along it lies
        // on its positive side, as scikit-learn turned it then.
        Tensor projected = centred.matmul(leading.t());                     // [rows, most]
        Tensor sign = projected.gather(0, projected.abs().argmax(0, keepdim: true)).sign().t();
        _component = (leading * torch.where(sign.eq(0), torch.ones_like(sign), sign)).contiguous().data<double>().ToArray();
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        using var scope = torch.NewDisposeScope();
        int width = rows.Width;
        double total = _variance.Sum();
        int meaningful = _variance.Count(v => v > LeastVariance);
        if (_options.Score == PcaScore.Compat)
            meaningful = _variance.Length;                                  // PyOD divides by rounding errors, too.
        int used = Math.Min(meaningful, _options.Components ?? (_options.Score == PcaScore.Reconstruction ? Leading(total) : meaningful));
        Tensor vectors = AlignedTensor.Of(_component[..(used * width)], used, width);
        Tensor x = rows.ToTensor();
        Tensor z = x - AlignedTensor.Of(_mean);
        Tensor along = z.matmul(vectors.t());                           // [rows, used]
        Tensor scores = _options.Score switch
        {
            PcaScore.ChiSquare => (along.square() / AlignedTensor.Of(_variance[..used])).sum([1L]),
            PcaScore.Reconstruction => (z - along.matmul(vectors)).square().sum([1L]),
            _ => ((x.square().sum([1L], keepdim: true) - 2 * x.matmul(vectors.t()) + vectors.square().sum([1L])).clamp_min(0).sqrt()
                / AlignedTensor.Of([.. _variance[..used].Select(v => Math.Max(v / total, LeastShare))])).sum([1L]),
        };
        return scores.data<double>().ToArray();
    }

    private int Leading(double total)
    {
        double sum = 0;
        int count = 0;
        while (count < _variance.Length && sum < KeptVariance * total)
            sum += _variance[count++];
        return Math.Max(1, count);
    }

    private protected override void WriteState(TabularState state)
    {
        state.Set("pca.mean", _mean);
        state.Set("pca.variance", _variance);
        state.Set("pca.component", _component, _variance.Length, _mean.Length);
    }

    private protected override void ReadState(TabularState state)
    {
        (_mean, _variance) = (state.Finite("pca.mean", VaryingColumns), state.Finite("pca.variance", TabularState.Any));
        _component = state.Finite("pca.component", _variance.Length, VaryingColumns);
        if (_variance.Length > VaryingColumns || _options.Components > _variance.Length)
            throw new DataException("detector", $"has {_variance.Length} components for {VaryingColumns} columns", "fit and save it again");
    }
}
