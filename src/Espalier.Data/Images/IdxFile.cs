using System.Buffers.Binary;
using System.Globalization;
using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Data.Images;

/// <summary>
/// The IDX format of MNIST and its kin, plain or gzip: two zero bytes, a type (8: unsigned byte), the number of
/// dimensions, their sizes as big-endian 32-bit integers, then the values row by row.
/// </summary>
public static class IdxFile
{
    private const byte UnsignedByte = 8;

    /// <summary>Reads images.</summary>
    /// <param name="path">The file, plain or gzip.</param>
    /// <returns>[n, 1, height, width], uint8.</returns>
    /// <exception cref="DataException">Unreadable, truncated, too long, or not an IDX file of images.</exception>
    public static Tensor ReadImages(string path) => Images(Content(path), path);

    /// <summary>Reads labels.</summary>
    /// <param name="path">The file, plain or gzip.</param>
    /// <returns>[n], int64.</returns>
    /// <exception cref="DataException">Unreadable, truncated, too long, or not an IDX file of labels.</exception>
    public static Tensor ReadLabels(string path) => Labels(Content(path), path);

    /// <summary>Reads images and their labels.</summary>
    /// <param name="imagesPath">The images, plain or gzip.</param>
    /// <param name="labelsPath">The labels, plain or gzip.</param>
    /// <param name="name">The data set's name.</param>
    /// <param name="classNames">One name per class; <c>0</c>, <c>1</c>, ... up to the highest label where null.</param>
    /// <returns>Inputs [n, 1, height, width], held as bytes, scaled to [0, 1].</returns>
    /// <exception cref="DataException">A file is bad, or the numbers of images and labels differ.</exception>
    public static Dataset ReadDataset(string imagesPath, string labelsPath, string name, IReadOnlyList<string>? classNames = null)
        => Combine(Content(imagesPath), imagesPath, Content(labelsPath), labelsPath, name, classNames);

    internal static Dataset Combine(byte[] images, string imagesSource, byte[] labels, string labelsSource, string name, IReadOnlyList<string>? classNames)
    {
        (int[] sizes, _) = Header(images, imagesSource, 3, "images");
        (int[] count, _) = Header(labels, labelsSource, 1, "labels");
        if (sizes[0] != count[0])
            throw new DataException(labelsSource, $"holds {count[0]} labels for {sizes[0]} images of {imagesSource}", "give the files of one set");
        classNames ??= [.. Enumerable.Range(0, labels.AsSpan(8).ToArray().Max() + 1).Select(c => c.ToString(CultureInfo.InvariantCulture))];
        return new Dataset(name, Images(images, imagesSource), Labels(labels, labelsSource), classNames, scale: 1 / 255.0);
    }

    internal static Tensor Images(byte[] content, string source)
    {
        (int[] sizes, int start) = Header(content, source, 3, "images");
        using Tensor pixels = torch.tensor(content[start..], dtype: torch.uint8);
        return pixels.view(sizes[0], 1, sizes[1], sizes[2]);
    }

    private static Tensor Labels(byte[] content, string source)
    {
        (_, int start) = Header(content, source, 1, "labels");
        using Tensor bytes = torch.tensor(content[start..], dtype: torch.uint8);
        return bytes.to(torch.int64);
    }

    private static (int[] Sizes, int Start) Header(byte[] content, string source, int dimensions, string what)
    {
        const string remedy = "give an IDX file, plain or gzip, as MNIST has them";
        if (content is not [0, 0, var type, var rank, ..])
            throw new DataException(source, "is not an IDX file", remedy);
        if (type != UnsignedByte)
            throw new DataException(source, $"holds IDX values of type 0x{type:x2}, not unsigned bytes (0x08)", remedy);
        if (rank != dimensions)
            throw new DataException(source, $"has {rank} dimensions; {what} have {dimensions}", $"give the file of {what}");
        int start = 4 + (4 * rank);
        if (content.Length < start)
            throw new DataException(source, "ends within its header", "get the file again");
        int[] sizes = new int[rank];
        long values = 1;
        for (int d = 0; d < rank; d++)
        {
            sizes[d] = BinaryPrimitives.ReadInt32BigEndian(content.AsSpan(4 + (4 * d)));
            if (sizes[d] < 1)
                throw new DataException(source, $"dimension {d} has size {sizes[d]}", "get the file again");
            // Saturates: three sizes of 2^31 do not fit into a long.
            values = values > int.MaxValue ? values : values * sizes[d];
        }

        long present = content.Length - start;
        if (present != values)
            throw new DataException(source, present < values ? $"is truncated: {present} of {values} values" : $"has {present - values} bytes too many", "get the file again");
        return (sizes, start);
    }

    /// <summary>What an IDX file takes by its header; little where it has none, since it will be refused.</summary>
    internal static long ExpectedBytes(byte[] start)
    {
        if (start is not [0, 0, _, var rank, ..] || start.Length < 4 + (4 * rank))
            return 1 << 20;
        long values = 1;
        for (int d = 0; d < rank; d++)
            values = values > int.MaxValue ? values : values * Math.Max(1, BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(4 + (4 * d))));
        return 4 + (4 * rank) + (8 * values);
    }

    private static byte[] Content(string path) => DatasetFile.Uncompressed(DatasetFile.ReadAll(path), path, ExpectedBytes);
}
