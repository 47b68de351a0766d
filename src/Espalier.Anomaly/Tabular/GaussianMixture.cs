using Espalier.Errors;
using Espalier.Randomness;

namespace Espalier.Anomaly.Tabular;

/// <summary>Minus the log-density of a mixture of Gaussians with full covariances, in nats, columns in standard units.</summary>
public sealed class GaussianMixture : TabularDetector
{
    private const int LloydSteps = 10;

    private readonly GaussianMixtureOptions _options;
    private double[] _logWeight = [];       // ln π_k − ½ ln|Σ_k| − d/2 ln 2π
    private double[] _mean = [];            // [components × columns]
    private double[] _whitening = [];       // [components × columns × columns]

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public GaussianMixture(GaussianMixtureOptions? options = null) : base("gaussian-mixture", standardizes: true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        OptionsException.Require(_options.Components <= rows.Count, nameof(GaussianMixtureOptions.Components), _options.Components, $"must be at most the {rows.Count} rows of the fit");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor x = rows.ToTensor();
        double best = double.NegativeInfinity;
        for (int start = 0; start < (_options.Components == 1 ? 1 : _options.Starts); start++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var inner = torch.NewDisposeScope();
            (Parameters fitted, double logLikelihood) = Maximize(x, Assigned(x, _options.Components, start));
            if (!(logLikelihood > best))
                continue;
            best = logLikelihood;
            _logWeight = fitted.LogWeight.data<double>().ToArray();
            _mean = fitted.Mean.contiguous().data<double>().ToArray();
            _whitening = fitted.Whitening.contiguous().data<double>().ToArray();
        }
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int width = rows.Width;
        var parameters = new Parameters(AlignedTensor.Of(_logWeight),
            AlignedTensor.Of(_mean, -1, width), AlignedTensor.Of(_whitening, -1, width, width));
        return (-LogDensities(rows.ToTensor(), parameters).logsumexp(1)).data<double>().ToArray();
    }

    private (Parameters Fitted, double LogLikelihood) Maximize(Tensor x, Tensor responsibilities)
    {
        double before = double.NegativeInfinity;
        for (int step = 0; ; step++)
        {
            Parameters parameters = Estimate(x, responsibilities);
            Tensor densities = LogDensities(x, parameters);                 // [rows, components]
            Tensor total = densities.logsumexp(1, keepdim: true);
            double now = total.mean().item<double>();
            if (step >= _options.Steps || Math.Abs(now - before) < _options.Tolerance)
                return (parameters, now);
            before = now;
            responsibilities = (densities - total).exp();
        }
    }

    private Parameters Estimate(Tensor x, Tensor responsibilities)
    {
        long d = x.shape[1];
        Tensor counts = responsibilities.sum([0L]) + 1e-12;
        Tensor means = responsibilities.t().matmul(x) / counts.unsqueeze(1);
        var whitenings = new List<Tensor>();
        var logs = new List<Tensor>();
        Tensor eye = torch.eye(d, dtype: torch.float64);
        for (int k = 0; k < counts.shape[0]; k++)
        {
            Tensor centred = x - means[k];
            Tensor covariance = (centred * responsibilities[.., k].unsqueeze(1)).t().matmul(centred) / counts[k] + eye * _options.Ridge;
            Tensor factor = torch.linalg.cholesky(covariance);
            whitenings.Add(torch.linalg.solve_triangular(factor, eye, upper: false));
            logs.Add((counts[k] / x.shape[0]).log() - factor.diagonal().log().sum() - 0.5 * d * Math.Log(2 * Math.PI));
        }

        return new(torch.stack(logs), means, torch.stack(whitenings));
    }

    private static Tensor LogDensities(Tensor x, Parameters parameters) => torch.stack([.. Enumerable.Range(0, (int)parameters.LogWeight.shape[0])
        .Select(k => parameters.LogWeight[k] - 0.5 * (x - parameters.Mean[k]).matmul(parameters.Whitening[k].t()).square().sum([1L]))], 1);

    // k-means++ and a few of Lloyd's steps, as a hard assignment.
    private Tensor Assigned(Tensor x, int components, int start)
    {
        if (components == 1)
            return torch.ones([x.shape[0], 1], dtype: torch.float64);
        var random = new SplitMix64(_options.Seed, 53, components * 100 + start);
        var centres = new List<Tensor> { x[random.NextBelow((int)x.shape[0])] };
        Tensor nearest = (x - centres[0]).square().sum([1L]);
        while (centres.Count < components)
        {
            double[] weights = nearest.data<double>().ToArray();
            double left = random.NextDouble() * weights.Sum();
            int chosen = 0;
            while (chosen < weights.Length - 1 && (left -= weights[chosen]) > 0)
                chosen++;
            centres.Add(x[chosen]);
            nearest = torch.minimum(nearest, (x - centres[^1]).square().sum([1L]));
        }

        Tensor means = torch.stack(centres);
        Tensor hard = torch.empty(0);
        for (int step = 0; step < LloydSteps; step++)
        {
            Tensor closest = torch.cdist(x, means).argmin(1);
            hard = torch.nn.functional.one_hot(closest, components).to(torch.float64);
            Tensor counts = hard.sum([0L]).unsqueeze(1);
            means = torch.where(counts.gt(0), hard.t().matmul(x) / counts.clamp_min(1), means);
        }

        return hard;
    }

    private sealed record Parameters(Tensor LogWeight, Tensor Mean, Tensor Whitening);

    private protected override void WriteState(TabularState state)
    {
        int k = _logWeight.Length;
        int width = _mean.Length / k;
        state.Set("mixture.weight", _logWeight);
        state.Set("mixture.mean", _mean, k, width);
        state.Set("mixture.whitening", _whitening, k, width, width);
    }

    private protected override void ReadState(TabularState state) =>
        (_logWeight, _mean, _whitening) = (state.Numbers("mixture.weight", _options.Components), state.Finite("mixture.mean", _options.Components, VaryingColumns),
            state.Finite("mixture.whitening", _options.Components, VaryingColumns, VaryingColumns));
}
