using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Images;
using Espalier.Errors;

namespace Espalier.Recipes.Detection;

/// <summary>Pictures as a detector of images takes them: of a data set of the catalogue, with their classes, or of a folder.</summary>
public sealed class ImageSet : IDisposable
{
    private ImageSet(string source, Tensor images, IReadOnlyList<string>? labels) => (Source, Images, Labels) = (source, images, labels);

    /// <summary>Where they come from.</summary>
    public string Source { get; }

    /// <summary>[n, channels, height, width], float32, in [0, 1], on the CPU.</summary>
    public Tensor Images { get; }

    /// <summary>How many files of a folder are no pictures.</summary>
    public int LeftOut { get; private init; }

    /// <summary>The class of each; null of a folder.</summary>
    public IReadOnlyList<string>? Labels { get; }

    /// <summary>Opens pictures.</summary>
    /// <param name="source">A data set of the catalogue with images, or a folder with pictures, at any depth.</param>
    /// <param name="shape">The shape that they are brought into; their own where null, which a folder has none of.</param>
    /// <param name="forTraining">Whether those outside a data set's test split are taken, else that split.</param>
    /// <param name="count">At most so many, the first ones; all where null.</param>
    /// <param name="label">Those of one class; of all where null.</param>
    /// <exception cref="NotFoundException">There is no such data set or folder, or no such class.</exception>
    /// <exception cref="DataException">The data set is not on this machine, or holds no images; a picture cannot be read.</exception>
    /// <exception cref="OptionsException">A folder without a shape or with a class.</exception>
    /// <exception cref="ShapeException">The pictures cannot be brought into the shape.</exception>
    public static ImageSet Open(string source, IReadOnlyList<long>? shape, bool forTraining, int? count = null, string? label = null)
    {
        OptionsException.Require(count is null or >= 1, nameof(count), count, "must be at least 1");
        using var scope = torch.NewDisposeScope();
        if (Directory.Exists(source))
        {
            OptionsException.Require(shape is not null, nameof(shape), null, "must be given for a folder of pictures: 1x28x28 for grey ones of 28 by 28 pixels");
            OptionsException.Require(label is null, "class", label, "belongs to data sets: a folder has no classes here");
            Tensor pictures = OutlierSource.Open(source).Load(new OutlierRequest { Shape = shape!, Count = count });
            _ = FolderFiles.Pictures(source, out int leftOut);
            return new(source, Kept(pictures), null) { LeftOut = leftOut };
        }

        using UncutData data = DataCatalog.Default.LoadUncut(new() { Name = source });
        if (data.Info.Task != DatasetTask.ImageClassification)
            throw new DataException(source, "holds no images", "name a data set of images, such as digits, or a folder of pictures");
        Dataset part = forTraining ? data.Pool : data.ForTest;
        int wanted = label is null ? -1 : part.ClassNames.ToList().IndexOf(label);
        if (label is not null && wanted < 0)
            throw new NotFoundException("class", label, part.ClassNames);
        long[] labels = part.LabelArray();
        int[] chosen = [.. Enumerable.Range(0, part.Count).Where(i => wanted < 0 || labels[i] == wanted).Take(count ?? int.MaxValue)];
        if (chosen.Length == 0)
            throw new DataException(source, $"holds no image of class {label} in this part", "name another class");
        Tensor images = part.Gather(chosen).Inputs;
        if (shape is not null)
            images = OutlierSource.Of(source, images).Load(new OutlierRequest { Shape = shape });
        return new(source, Kept(images), [.. chosen.Select(i => part.ClassNames[(int)labels[i]])]);
    }

    /// <inheritdoc/>
    public void Dispose() => Images.Dispose();

    private static Tensor Kept(Tensor images) => images.cpu().to(torch.float32).clone().DetachFromDisposeScope();
}
