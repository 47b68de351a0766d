using Espalier.Errors;

namespace Espalier.Networks.Layers;

/// <summary>
/// Stochastic depth (Huang et al. 2016) per sample: in training the whole residual branch of a sample is zeroed with
/// probability q and divided by 1-q where kept; in evaluation it passes unchanged. Draws from
/// <see cref="Espalier.Training.Loop.SampleRandom"/>, so that batch size and ranks do not change which samples drop.
/// </summary>
public sealed class DropPath : torch.nn.Module<Tensor, Tensor>
{
    /// <summary>Creates the layer.</summary>
    /// <param name="dropProbability">q, in [0, 1).</param>
    /// <exception cref="OptionsException">q is out of its range.</exception>
    public DropPath(double dropProbability) : base(nameof(DropPath))
    {
        OptionsException.Require(dropProbability is >= 0 and < 1, nameof(dropProbability), dropProbability, "must be at least 0 and below 1");
        DropProbability = dropProbability;
    }

    /// <summary>Probability q that a sample's branch is zeroed.</summary>
    public double DropProbability { get; }

    /// <param name="input">[batch, ...].</param>
    /// <returns>[batch, ...].</returns>
    public override Tensor forward(Tensor input)
    {
        if (!training || DropProbability == 0)
            return input;
        double keep = 1 - DropProbability;
        long[] shape = new long[input.dim()];
        Array.Fill(shape, 1);
        shape[0] = input.shape[0];
        return input * Espalier.Training.Loop.SampleRandom.KeepMask(shape, keep, input);
    }
}
