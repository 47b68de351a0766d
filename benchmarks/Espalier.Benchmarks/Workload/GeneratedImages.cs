using Espalier.Data;

namespace Espalier.Benchmarks.Workload;

/// <summary>Random grey images of the size of MNIST's, held as bytes.</summary>
internal static class GeneratedImages
{
    public const int Count = 12_000;
    public const int Side = 28;

    public static Tensor Pixels()
    {
        byte[] bytes = new byte[Count * Side * Side];
        new Random(1).NextBytes(bytes);
        using Tensor flat = torch.tensor(bytes, dtype: torch.uint8);
        return flat.view(Count, 1, Side, Side);
    }

    public static Dataset Dataset(Tensor pixels) => new(
        "generated", pixels.alias(), torch.arange(Count, dtype: torch.int64).remainder_(10), [.. Enumerable.Range(0, 10).Select(c => $"{c}")], scale: 1 / 255.0);
}
