using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Espalier.Errors;

namespace Espalier.Anomaly.Outliers;

/// <summary>Finds inputs of one set that occur in another, byte for byte.</summary>
public static class DuplicateRows
{
    /// <summary>Which outliers are inliers.</summary>
    /// <param name="outliers">[m, ...].</param>
    /// <param name="inliers">[n, ...], of the same shape and type.</param>
    /// <returns>Indices of outliers that occur among the inliers, ascending.</returns>
    /// <exception cref="ShapeException">Inputs of different shapes or types.</exception>
    public static IReadOnlyList<int> Find(Tensor outliers, Tensor inliers)
    {
        if (outliers.dtype != inliers.dtype || !outliers.shape.AsSpan(1).SequenceEqual(inliers.shape.AsSpan(1)))
            throw new ShapeException($"outliers of type {outliers.dtype}", outliers.shape, $"[m, {string.Join(", ", inliers.shape.Skip(1))}] of type {inliers.dtype}, as the inliers");
        HashSet<UInt128> known = [.. Hashes(inliers)];
        return [.. Hashes(outliers).Select((hash, row) => (hash, row)).Where(p => known.Contains(p.hash)).Select(p => p.row)];
    }

    /// <summary>Refuses outliers to test with that are no news: seen in training, or in-distribution samples.</summary>
    /// <param name="test">[m, ...], outliers to test with.</param>
    /// <param name="testName">What they are called.</param>
    /// <param name="exposed">[n, ...], what they must not hold: outliers of the training, in-distribution samples.</param>
    /// <param name="exposedName">What they are called.</param>
    /// <exception cref="DataException">There are common ones.</exception>
    public static void Refuse(Tensor test, string testName, Tensor exposed, string exposedName)
    {
        IReadOnlyList<int> common = Find(test, exposed);
        if (common.Count > 0)
        {
            throw new DataException(testName, $"{common.Count} of {test.shape[0]} outliers, the first at row {common[0]}, are also in {exposedName}",
                "give outliers that are in neither the training nor the test");
        }
    }

    /// <summary>How many inputs differ from each other.</summary>
    /// <param name="inputs">[n, ...].</param>
    public static int CountDistinct(Tensor inputs) => Hashes(inputs).Distinct().Count();

    private static UInt128[] Hashes(Tensor rows)
    {
        using var scope = torch.NewDisposeScope();
        UInt128[] hashes = new UInt128[rows.shape[0]];
        if (hashes.Length == 0)
            return hashes;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        const long Block = 4096;
        for (long start = 0; start < hashes.Length; start += Block)
        {
            // A span cannot hold more than two gigabytes.
            using var block = torch.NewDisposeScope();
            Span<byte> bytes = rows.narrow(0, start, Math.Min(Block, hashes.Length - start)).cpu().contiguous().bytes;
            int count = (int)Math.Min(Block, hashes.Length - start);
            int width = bytes.Length / count;
            for (int i = 0; i < count; i++)
            {
                SHA256.HashData(bytes.Slice(i * width, width), digest);
                hashes[start + i] = MemoryMarshal.Read<UInt128>(digest);
            }
        }

        return hashes;
    }
}
