using Espalier.Errors;

namespace Espalier.Networks.Layers;

/// <summary>
/// Dropout (Srivastava et al. 2014): in training each value is zeroed with probability p and divided by 1-p where kept.
/// Draws from <see cref="Espalier.Training.Loop.SampleRandom"/>, so that batch size and ranks do not change what is dropped of a sample.
/// </summary>
public sealed class SampleDropout : torch.nn.Module<Tensor, Tensor>
{
    /// <summary>Creates the layer.</summary>
    /// <param name="probability">p, in [0, 1).</param>
    /// <exception cref="OptionsException">p is out of its range.</exception>
    public SampleDropout(double probability) : base(nameof(SampleDropout))
    {
        OptionsException.Require(probability is >= 0 and < 1, nameof(probability), probability, "must be at least 0 and below 1");
        Probability = probability;
    }

    /// <summary>Probability p that a value is zeroed.</summary>
    public double Probability { get; }

    /// <param name="input">[batch, ...].</param>
    /// <returns>[batch, ...].</returns>
    public override Tensor forward(Tensor input) => training && Probability > 0
        ? input * Espalier.Training.Loop.SampleRandom.KeepMask(input.shape, 1 - Probability, input)
        : input;
}
