using System.IO.Compression;
using Espalier.Anomaly.Detectors;
using Espalier.Networks.Density;

namespace Espalier.Anomaly.Density;

/// <summary>
/// -log2 p(x) for each value of an image: how unlikely a density finds it. Densities find simple images likely, whatever they were trained on
/// (Nalisnick et al. 2019): a density of clothes gives digits more probability than clothes. Exposure mends that; so does, in part, what
/// <see cref="ForComplexity"/> subtracts, the bits that a compressor needs (Serrà et al. 2020).
/// </summary>
/// <param name="density">The density; stays the caller's.</param>
public sealed class BitsPerDimension(PixelCnn density) : IAnomalyDetector
{
    /// <summary>The name of the score.</summary>
    public const string Plain = "bits-per-dimension";

    /// <summary>The name of the score less the bits that a compressor needs.</summary>
    public const string Corrected = "bits-per-dimension-corrected";

    /// <inheritdoc/>
    public string Name => ForComplexity ? Corrected : Plain;

    /// <summary>How many images go through the network at once; at least 1.</summary>
    public int BatchSize { get; init; } = 100;

    /// <summary>Whether the bits that Brotli needs for the image are subtracted.</summary>
    public bool ForComplexity { get; init; }

    /// <inheritdoc/>
    public Tensor Score(Tensor inputs)
    {
        double values = inputs.numel() / (double)Math.Max(1, inputs.shape[0]);
        return BatchedScores.Of(density, inputs, BatchSize, images =>
        {
            Tensor bits = density.NegativeLogLikelihood(images).cpu().to(torch.float64) / Math.Log(2);
            return (ForComplexity ? bits - torch.tensor(Compressed(images), dtype: torch.float64) : bits) / values;
        });
    }

    // Bits of each image.
    private static double[] Compressed(Tensor images)
    {
        using Tensor bytes = (images.flatten(1) * 255).round().to(torch.uint8).cpu().contiguous();
        byte[] all = bytes.data<byte>().ToArray();
        int width = all.Length / (int)images.shape[0];
        double[] bits = new double[images.shape[0]];
        byte[] target = new byte[BrotliEncoder.GetMaxCompressedLength(width)];
        for (int i = 0; i < bits.Length; i++)
        {
            if (!BrotliEncoder.TryCompress(all.AsSpan(i * width, width), target, out int written, quality: 11, window: 16))
                throw new InvalidOperationException("a buffer of the greatest length was too short");
            bits[i] = 8.0 * written;
        }

        return bits;
    }
}
