using Espalier.Anomaly.OneClass;
using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>
/// The squared distance from the centre of a sphere that a network maps the training rows into (Ruff et al., "Deep One-Class
/// Classification", ICML 2018). The centre is the mean representation before training, kept away from zero; layers have no bias and
/// no bounded activation, or the network could map everything to the centre.
/// </summary>
public sealed class DeepSvdd : TabularDetector, IDisposable
{
    private const double LeastCentre = 0.1;
    private const double LeastSpread = 1e-6;

    private readonly DeepSvddOptions _options;
    private TabularNetwork? _network;
    private double[] _centre = [];

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public DeepSvdd(DeepSvddOptions? options = null) : base("deep-svdd", standardizes: true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        _network?.Dispose();
        _network = new TabularNetwork([rows.Width, _options.Hidden, _options.Representation], hasBias: false, _options.Seed);
        using var scope = torch.NewDisposeScope();
        _centre = [.. Mean(rows).Select(c => Math.Abs(c) < LeastCentre ? c < 0 ? -LeastCentre : LeastCentre : c)];
        using Tensor centre = torch.tensor(_centre, dtype: torch.float32);
        _network.Train(rows, new SphereObjective(_network.Module, centre, _options.SoftBoundary ? _options.Nu : null), _options.Training, cancellationToken);
        using var _ = torch.no_grad();
        double spread = _network.Apply(rows.ToTensor()).std(0).max().item<double>();
        if (!(spread > LeastSpread))
            throw new ModelOutputException("the representation of Deep SVDD", $"has collapsed: its largest standard deviation is {spread:0.##e0}", "train for fewer epochs, with a lower learning rate or less weight decay");
    }

    private double[] Mean(TabularRows rows)
    {
        using var _ = torch.no_grad();
        return _network!.Apply(rows.ToTensor()).mean([0]).data<double>().ToArray();
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        return (_network!.Apply(rows.ToTensor()) - AlignedTensor.Of(_centre)).square().sum([1L]).data<double>().ToArray();
    }

    private protected override void WriteState(TabularState state)
    {
        state.Set("centre", _centre);
        _network!.Write(state);
    }

    private protected override void ReadState(TabularState state) =>
        (_centre, _network) = (state.Finite("centre", _options.Representation), TabularNetwork.Read(state, [VaryingColumns, _options.Hidden, _options.Representation], hasBias: false));

    /// <summary>Frees the network.</summary>
    public void Dispose() => _network?.Dispose();
}
