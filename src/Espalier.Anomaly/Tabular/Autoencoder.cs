using Espalier.Anomaly.OneClass;
using Espalier.Errors;

namespace Espalier.Anomaly.Tabular;

/// <summary>How far a row is from what a network with a narrow middle, trained to repeat the training rows, makes of it: ‖x − x̂‖ in standard units.</summary>
public sealed class Autoencoder : TabularDetector, IDisposable
{
    private readonly AutoencoderOptions _options;
    private TabularNetwork? _network;

    /// <summary>Creates the detector.</summary>
    /// <param name="options">The defaults where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public Autoencoder(AutoencoderOptions? options = null) : base("autoencoder", standardizes: true)
    {
        _options = options ?? new();
        _options.Validate();
    }

    internal override object? OptionsForFile => _options;

    private protected override void FitRows(TabularRows rows, CancellationToken cancellationToken)
    {
        _network?.Dispose();
        _network = new TabularNetwork(Widths(rows.Width), hasBias: true, _options.Seed);
        _network.Train(rows, new ReconstructionObjective(_network.Module), _options.Training, cancellationToken);
    }

    private protected override double[] ScoreRows(TabularRows rows)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor x = rows.ToTensor();
        return (_network!.Apply(x) - x).square().sum([1L]).sqrt().data<double>().ToArray();
    }

    private protected override void WriteState(TabularState state) => _network!.Write(state);

    private protected override void ReadState(TabularState state) => _network = TabularNetwork.Read(state, Widths(VaryingColumns), hasBias: true);

    private int[] Widths(int columns) => [columns, _options.Hidden, _options.Bottleneck ?? Math.Max(1, columns / 2), _options.Hidden, columns];

    /// <summary>Frees the network.</summary>
    public void Dispose() => _network?.Dispose();
}
