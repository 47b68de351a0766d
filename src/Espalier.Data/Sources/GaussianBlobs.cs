using System.Globalization;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Randomness;

namespace Espalier.Data.Sources;

/// <summary>Isotropic Gaussians around centres drawn uniformly from [-10, 10] per feature, equally many of each class.</summary>
public static class GaussianBlobs
{
    /// <summary>Draws the blobs; a pure function of its arguments.</summary>
    /// <param name="samples">Number of samples, at least <paramref name="classes"/>; sample i is of class i modulo classes.</param>
    /// <param name="classes">Number of blobs, at least 2.</param>
    /// <param name="features">Number of features, at least 1.</param>
    /// <param name="spread">Standard deviation of each feature around its centre, at least 0.</param>
    /// <param name="seed">The seed; the centres depend on it as well.</param>
    /// <returns>Inputs [samples, features], unbounded; classes <c>0</c>, <c>1</c>, ...</returns>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public static Dataset Generate(int samples = 1000, int classes = 3, int features = 2, double spread = 1, int seed = 0)
    {
        new GeneratedOptions { Samples = samples, Noise = spread, Classes = classes, Features = features }.Validate();
        var random = new SplitMix64(seed, 0x626c6f62);
        double[] centres = new double[classes * features];
        for (int i = 0; i < centres.Length; i++)
            centres[i] = (20 * random.NextDouble()) - 10;
        float[] inputs = new float[checked(samples * features)];
        long[] labels = new long[samples];
        for (int i = 0; i < samples; i++)
        {
            int label = i % classes;
            labels[i] = label;
            for (int f = 0; f < features; f++)
                inputs[(i * features) + f] = (float)(centres[(label * features) + f] + (spread * random.NextNormal()));
        }

        string[] names = [.. Enumerable.Range(0, classes).Select(c => c.ToString(CultureInfo.InvariantCulture))];
        using Tensor flat = torch.tensor(inputs);
        return new Dataset("blobs", flat.view(samples, features), torch.tensor(labels), names, InputBounds.Unbounded);
    }
}
