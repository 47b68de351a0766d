using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// Amorphous shapes with definite edges: Bernoulli(0.7) values, blurred by a Gaussian of 1.5 pixels (cut at 4 standard
/// deviations, edges replicated) along height, width and channels, values below 0.75 set to 0; then from [0, 1] to the
/// bounds.
/// </summary>
public sealed class Blobs() : OutlierGenerator("blobs")
{
    private const double Density = 0.7;
    private const double Sigma = 1.5;
    private const double CutInSigmas = 4;
    private const double Threshold = 0.75;

    private protected override bool NeedsImages => true;

    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source)
    {
        Tensor v = torch.empty(shape).bernoulli_(Density, generator);       // [count, channels, height, width]
        v = v.matmul(Blur(shape[3]).t());
        v = Blur(shape[2]).matmul(v);
        v = Blur(shape[1]).matmul(v.flatten(2)).view(shape);
        return Scaled(v.masked_fill(v.lt(Threshold), 0).clamp(0, 1), bounds);
    }

    // The blur of a line of values as a matrix; a value beyond the edge is the value at the edge.
    private static Tensor Blur(long length)
    {
        int radius = (int)(CutInSigmas * Sigma + 0.5);
        double[] weights = [.. Enumerable.Range(-radius, 2 * radius + 1).Select(k => Math.Exp(-0.5 * k * k / (Sigma * Sigma)))];
        double sum = weights.Sum();
        float[] matrix = new float[length * length];
        for (int i = 0; i < length; i++)
        {
            for (int k = -radius; k <= radius; k++)
                matrix[i * length + Math.Clamp(i + k, 0, length - 1)] += (float)(weights[k + radius] / sum);
        }

        return torch.tensor(matrix).view(length, length);
    }
}
