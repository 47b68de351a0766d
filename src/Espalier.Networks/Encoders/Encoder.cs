namespace Espalier.Networks.Encoders;

/// <summary>A network that turns an input into features, without a head: what self-supervision trains and probes read.</summary>
public abstract class Encoder : torch.nn.Module<Tensor, Tensor>
{
    /// <summary>An encoder.</summary>
    /// <param name="name">The module's name.</param>
    /// <param name="features">Number of features d.</param>
    protected Encoder(string name, int features) : base(name) => Features = features;

    /// <summary>Number of features d: the encoder maps [batch, ...] to [batch, d].</summary>
    public int Features { get; }
}
