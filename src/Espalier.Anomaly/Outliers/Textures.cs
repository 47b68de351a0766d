using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// Random crops of photographs of textures, as large as an input, in its number of channels. They stand in for the Describable
/// Textures of the paper.
/// </summary>
public sealed class Textures : OutlierGenerator
{
    private readonly Func<Tensor> _photographs;

    /// <summary>Crops of the photographs of the catalogue's <c>textures-skimage</c>: brick, grass and gravel.</summary>
    public Textures() : base("textures") => _photographs = () =>
    {
        using UncutData data = DataCatalog.Default.LoadUncut(new() { Name = "textures-skimage" });
        return data.Pool.All().Inputs;
    };

    /// <summary>Crops of photographs of one's own.</summary>
    /// <param name="photographs">[n, 1 or 3, height, width], float32 in [0, 1]; stays the caller's.</param>
    /// <exception cref="ShapeException">Another shape.</exception>
    public Textures(Tensor photographs) : base("textures")
    {
        if (photographs.shape is not [>= 1, 1 or 3, _, _])
            throw new ShapeException("photographs", photographs.shape, "[n, 1 or 3, height, width]");
        _photographs = () => photographs;
    }

    /// <inheritdoc/>
    public override bool NeedsFiles => true;

    private protected override bool NeedsImages => true;

    private protected override Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source)
    {
        Tensor photographs = ImageForm.InChannels(_photographs(), shape[1]);
        (long height, long width) = (photographs.shape[2], photographs.shape[3]);
        if (height < shape[2] || width < shape[3])
            throw new ShapeException("photographs", photographs.shape, $"at least {shape[2]} x {shape[3]} pixels");
        long[] which = Draw(photographs.shape[0]);
        long[] top = Draw(height - shape[2] + 1);
        long[] left = Draw(width - shape[3] + 1);
        Tensor crops = torch.empty(shape);
        for (int i = 0; i < which.Length; i++)
        {
            using var crop = torch.NewDisposeScope();
            crops[i].copy_(photographs[which[i]].narrow(1, top[i], shape[2]).narrow(2, left[i], shape[3]));
        }

        return Scaled(crops, bounds);

        long[] Draw(long below)
        {
            using Tensor drawn = torch.randint(below, shape[0], dtype: torch.int64, generator: generator);
            return drawn.data<long>().ToArray();
        }
    }
}
