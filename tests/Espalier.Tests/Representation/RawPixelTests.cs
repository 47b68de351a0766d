using System.IO.Compression;
using Espalier.Data.Catalog;
using Espalier.Representation.Evaluation;
using SkiaSharp;

namespace Espalier.Tests.Representation;

public sealed class RawPixelTests
{
    [Fact]
    public void Pixels_of_cifar_reach_what_numpy_finds()
    {
        Assert.SkipUnless(DataFolders.FromEnvironment().Local is not null, "set ESPALIER_DATA to the folder of the local data sets");
        using var scope = torch.NewDisposeScope();
        (Tensor train, Tensor trainLabels) = Read("train.zip", 600);
        (Tensor test, Tensor testLabels) = Read("test.zip", int.MaxValue);
        // numpy: all cosines of the 16x16 pixels in [0, 1], argpartition, votes exp(cosine/.07): 968 of 3000.
        Assert.Equal(968 / 3000.0, new KnnProbe(new()).Run(train, trainLabels, test, testLabels).Accuracy, .001);
        // An independent L-BFGS in PyTorch reached 36.0 %.
        using LinearProbeResult linear = new LinearProbe(new()).Run(train, trainLabels, test, testLabels);
        Assert.Equal(.36, linear.Accuracy, .006);
        Assert.True(linear.Converged);
        Assert.InRange(linear.Iterations, 1, 60); // 474 without the change of variables
    }

    // The first images of each class by name, averaged over 2x2 pixels.
    private static (Tensor Images, Tensor Labels) Read(string file, int perClass)
    {
        using ZipArchive archive = ZipFile.OpenRead(Path.Combine(DataFolders.FromEnvironment().Local!, "cifar10-jpeg-mini", file));
        var pixels = new List<float>();
        var labels = new List<long>();
        foreach ((int label, IGrouping<string, ZipArchiveEntry> images) in archive.Entries.Where(e => e.FullName.EndsWith(".jpg", StringComparison.Ordinal))
            .GroupBy(e => e.FullName.Split('/')[^2]).OrderBy(g => g.Key, StringComparer.Ordinal).Index())
        {
            foreach (ZipArchiveEntry entry in images.OrderBy(e => e.FullName, StringComparer.Ordinal).Take(perClass))
            {
                using Stream stream = entry.Open();
                using var memory = new MemoryStream();
                stream.CopyTo(memory);
                using SKBitmap bitmap = SKBitmap.Decode(memory.ToArray());
                float[] image = new float[3 * 16 * 16];
                for (int i = 0; i < 32 * 32; i++)
                {
                    SKColor color = bitmap.GetPixel(i % 32, i / 32);
                    int at = (i / 64 * 16) + (i % 32 / 2);
                    image[at] += color.Red / 1020f;
                    image[256 + at] += color.Green / 1020f;
                    image[512 + at] += color.Blue / 1020f;
                }

                pixels.AddRange(image);
                labels.Add(label);
            }
        }

        return (torch.tensor(pixels.ToArray()).view(-1, 768), torch.tensor(labels.ToArray()));
    }
}
