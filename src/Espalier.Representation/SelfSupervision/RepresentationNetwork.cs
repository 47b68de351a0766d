using Espalier.Networks.Encoders;
using Espalier.Networks.Layers;
using TorchSharp.Modules;
using TorchSharp.Utils;

namespace Espalier.Representation.SelfSupervision;

/// <summary>
/// An encoder with the heads that self-supervision puts on it. The state dict has the names <c>encoder</c>, <c>projector</c>,
/// <c>predictor</c>, <c>probe</c>; a teacher has the first two.
/// </summary>
public sealed class RepresentationNetwork : torch.nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "encoder")]
    private readonly Encoder _encoder;

    [ComponentName(Name = "projector")]
    private readonly torch.nn.Module<Tensor, Tensor> _projector;

    [ComponentName(Name = "predictor")]
    private readonly torch.nn.Module<Tensor, Tensor>? _predictor;

    [ComponentName(Name = "probe")]
    private readonly Linear? _probe;

    internal RepresentationNetwork(Encoder encoder, torch.nn.Module<Tensor, Tensor> projector, torch.nn.Module<Tensor, Tensor>? predictor, Linear? probe)
        : base(nameof(RepresentationNetwork))
    {
        (_encoder, _projector, _predictor, _probe) = (encoder, projector, predictor, probe);
        register_module("encoder", encoder);
        register_module("projector", projector);
        if (predictor is not null)
            register_module("predictor", predictor);
        if (probe is not null)
            register_module("probe", probe);
    }

    /// <summary>The encoder: what is kept in the end.</summary>
    public Encoder Encoder => _encoder;

    /// <summary>Features to projections.</summary>
    public torch.nn.Module<Tensor, Tensor> Projector => _projector;

    /// <summary>Projections to predictions, or null.</summary>
    public torch.nn.Module<Tensor, Tensor>? Predictor => _predictor;

    /// <summary>The online probe, or null.</summary>
    public Linear? Probe => _probe;

    /// <summary>Adds a buffer that is saved with the network.</summary>
    internal void AddBuffer(string name, Tensor buffer) => register_buffer(name, buffer);

    /// <param name="input">[batch, ...].</param>
    /// <returns>Projections, [batch, width].</returns>
    public override Tensor forward(Tensor input) => _projector.call(_encoder.call(input));

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _encoder.Dispose();
            _projector.Dispose();
            _predictor?.Dispose();
            _probe?.Dispose();
        }

        base.Dispose(disposing);
    }

    internal static Linear? MakeProbe(SelfSupervisionOptions options, int features, int classes, int seed)
    {
        if (!options.OnlineProbe || classes < 2)
            return null;
        Linear probe = torch.nn.Linear(features, classes);
        using var generator = new torch.Generator(unchecked((ulong)seed ^ 0x70726f6265));
        Initialization.Default(probe, generator);
        return probe;
    }
}
