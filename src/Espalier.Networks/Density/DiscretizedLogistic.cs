using static TorchSharp.torch.nn;

namespace Espalier.Networks.Density;

/// <summary>
/// A mixture of logistic distributions cut into 256 steps of [-1, 1] (Salimans et al. 2017, eq. 2): a step has the probability between
/// its borders, the first and the last all that is beyond.
/// </summary>
public static class DiscretizedLogistic
{
    private const double HalfStep = 1 / 255.0;
    private const double LeastLogScale = -7;

    /// <summary>log p of values on the steps.</summary>
    /// <param name="values">[batch, height, width], each 2k/255 - 1.</param>
    /// <param name="mixture">Logits, means, log-scales: [batch, 3, mixtures, height, width].</param>
    /// <returns>[batch, height, width], nats.</returns>
    public static Tensor LogProbability(Tensor values, Tensor mixture)
    {
        Tensor x = values.unsqueeze(1);                                                  // [batch, 1, height, width]
        Tensor logShares = functional.log_softmax(mixture.select(1, 0), 1);
        Tensor centred = x - mixture.select(1, 1);
        Tensor precision = (-mixture.select(1, 2).clamp_min(LeastLogScale)).exp();
        Tensor above = precision * (centred + HalfStep);
        Tensor below = precision * (centred - HalfStep);

        // Between the borders: sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), of which no factor cancels.
        Tensor between = functional.logsigmoid(above) + functional.logsigmoid(-below) + torch.log(-torch.expm1(below - above));
        Tensor log = torch.where(x.lt(-0.999), functional.logsigmoid(above), torch.where(x.gt(0.999), functional.logsigmoid(-below), between));
        return (log + logShares).logsumexp(1);
    }
}
