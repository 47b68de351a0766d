using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Images;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// Where outliers come from: a generator (<c>blobs</c>), a data set of the catalogue (<c>notmnist</c>), a folder of pictures, a
/// table. Pictures of another size or number of channels are brought into the model's form.
/// </summary>
public abstract class OutlierSource
{
    private const string CataloguePrefix = "data:";

    private protected OutlierSource(string name, OutlierUse use) => (Name, Use) = (name, use);

    /// <summary>What it is called in tables.</summary>
    public string Name { get; }

    /// <summary>Whether its outliers are for reporting or for choosing.</summary>
    public OutlierUse Use { get; }

    /// <summary>Opens a source to test with: of data sets with a test split that one.</summary>
    /// <param name="name">
    /// A generator's name, a data set's (<c>data:</c> before it where a generator has the same), a folder with pictures
    /// or with folders of them, or a CSV file. What exists under a path with a separator is a file.
    /// </param>
    /// <param name="catalog">The data sets; the default ones where null.</param>
    /// <exception cref="NotFoundException">There is nothing of that name.</exception>
    /// <exception cref="DataException">The data set is not on this machine.</exception>
    public static OutlierSource Open(string name, DataCatalog? catalog = null) => Open(name, catalog ?? DataCatalog.Default, forTraining: false);

    /// <summary>Opens a source to expose a model to in training: of data sets with a test split the rest.</summary>
    /// <param name="name">As for <see cref="Open(string, DataCatalog?)"/>.</param>
    /// <param name="catalog">The data sets; the default ones where null.</param>
    /// <exception cref="NotFoundException">There is nothing of that name.</exception>
    /// <exception cref="DataException">The data set is not on this machine.</exception>
    public static OutlierSource OpenForTraining(string name, DataCatalog? catalog = null) => Open(name, catalog ?? DataCatalog.Default, forTraining: true);

    /// <summary>What a source of a name would be for, from the name alone: no data are looked for or read.</summary>
    /// <param name="name">As for <see cref="Open(string, DataCatalog?)"/>.</param>
    /// <param name="catalog">The data sets; the default ones where null.</param>
    /// <exception cref="NotFoundException">It is no name of a generator or data set, and no path.</exception>
    public static OutlierUse UseOf(string name, DataCatalog? catalog = null)
    {
        if (OutlierGenerator.IsKnown(name))
            return OutlierGenerator.Create(name).Use;
        catalog ??= DataCatalog.Default;
        bool isTable = Path.GetExtension(name).ToLowerInvariant() is ".csv" or ".tsv" or ".gz";
        return IsPath(name) || isTable || Entry(name, catalog) is not null || Directory.Exists(name) ? OutlierUse.Test : throw Unknown(name, catalog);
    }

    /// <summary>Outliers in tensors of one's own.</summary>
    /// <param name="name">What they are called in tables.</param>
    /// <param name="inputs">[n, ...], in the unit that the model takes; stays the caller's.</param>
    public static OutlierSource Of(string name, Tensor inputs) => new GivenOutliers(name, inputs);

    /// <summary>Gives the outliers.</summary>
    /// <param name="request">What they shall look like.</param>
    /// <returns>[n, ...shape], float32, on the CPU; in the caller's dispose scope.</returns>
    /// <exception cref="ShapeException">They cannot be brought into that shape.</exception>
    /// <exception cref="DataException">A file is missing or bad, or there are no outliers in it.</exception>
    /// <exception cref="OptionsException">Something is missing in the request.</exception>
    public Tensor Load(OutlierRequest request)
    {
        OptionsException.Require(request.Count is null or >= 1, nameof(request.Count), request.Count, "must be at least 1");
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        Tensor outliers = Read(request).cpu();
        if (outliers.shape[0] == 0)
            throw new DataException(Name, "holds no outliers", "give at least one");
        if (!outliers.shape.AsSpan(1).SequenceEqual([.. request.Shape]))
            throw new ShapeException($"an outlier of {Name}", outliers.shape[1..], $"[{string.Join(", ", request.Shape)}], as the model takes");
        return outliers.MoveToOuterDisposeScope();
    }

    private protected abstract Tensor Read(OutlierRequest request);

    private static OutlierSource Open(string name, DataCatalog catalog, bool forTraining)
    {
        if (OutlierGenerator.IsKnown(name))
            return new GeneratedOutliers(OutlierGenerator.Create(name));
        if (!IsPath(name) && Entry(name, catalog) is { } info)
        {
            if (!catalog.IsAvailable(info, out string reason))
                throw new DataException(info.Name, "cannot be loaded", reason);
            return new CatalogueOutliers(info.Name, catalog, forTraining);
        }

        if (Directory.Exists(name))
            return new FolderOutliers(name);
        if (File.Exists(name) && Path.GetExtension(name).ToLowerInvariant() is ".csv" or ".tsv" or ".gz")
            return new TableOutliers(name);
        throw Unknown(name, catalog);
    }

    private static bool IsPath(string name) => name.Contains('/', StringComparison.Ordinal) || name.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static DatasetInfo? Entry(string name, DataCatalog catalog)
    {
        string known = name.StartsWith(CataloguePrefix, StringComparison.Ordinal) ? name[CataloguePrefix.Length..] : name;
        return catalog.Entries.FirstOrDefault(e => e.Name.Equals(known, StringComparison.OrdinalIgnoreCase));
    }

    private static NotFoundException Unknown(string name, DataCatalog catalog) =>
        new("outlier set", name, [.. OutlierGenerator.Names, .. catalog.Entries.Where(e => !e.IsText).Select(e => e.Name)]);

    /// <summary>Images in [0, 1] in the model's form.</summary>
    private protected static Tensor Fitted(Tensor images, OutlierRequest request)
    {
        if (request.Shape is [var channels, var height, var width] && images.dim() == 4)
            images = ImageForm.AtSize(ImageForm.InChannels(images, channels), height, width);
        if (!images.shape.AsSpan(1).SequenceEqual([.. request.Shape]))
            throw new ShapeException("outliers", images.shape, $"[n, {string.Join(", ", request.Shape)}], as the model takes");
        if (request.Bounds == InputBounds.Unit)
            return images;
        if (!double.IsFinite(request.Bounds.Upper - request.Bounds.Lower))
            throw new OptionsException("bounds", request.Bounds.Upper, "must be finite, to bring images into them");
        Tensor lower = request.Bounds.LowerTensor(images);
        return request.Bounds.Clamp(lower + images * (request.Bounds.UpperTensor(images) - lower));
    }

    private sealed class GeneratedOutliers(OutlierGenerator generator) : OutlierSource(generator.Name, generator.Use)
    {
        private protected override Tensor Read(OutlierRequest request) => generator.Generate(
            request.Count ?? request.Inliers?.Count ?? throw new OptionsException("count", null, $"must say how many of '{Name}' to make"),
            request.Shape, request.Bounds, request.Seed, request.Inliers);
    }

    private sealed class CatalogueOutliers(string name, DataCatalog catalog, bool forTraining) : OutlierSource(name, OutlierUse.Test)
    {
        private protected override Tensor Read(OutlierRequest request)
        {
            using UncutData data = catalog.LoadUncut(new() { Name = Name });
            Tensor inputs = (forTraining ? data.Pool : data.ForTest).First(request.Count).Inputs;
            if (data.Info.Task == DatasetTask.ImageClassification)
                return Fitted(inputs, request);
            return request.Standardization is { } scaling && scaling.Mean.Count == inputs.shape[1] ? scaling.Apply(inputs) : inputs;
        }
    }

    private sealed class FolderOutliers(string path) : OutlierSource(Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path))), OutlierUse.Test)
    {
        private protected override Tensor Read(OutlierRequest request)
        {
            if (request.Shape is not [1 or 3, var height, var width])
                throw new ShapeException("an input", request.Shape, "[1 or 3, height, width]: a folder holds pictures");
            IReadOnlyList<string> files = FolderFiles.Pictures(path, out _);
            if (files.Count == 0)
                throw new DataException(path, "holds no picture", $"give a folder with some: {string.Join(", ", ImageFile.Extensions)}");
            Tensor[] images = [.. files.Take(request.Count ?? files.Count).Select(f => ImageFile.Read(f, (int)request.Shape[0], (int)height, (int)width))];
            return Fitted(torch.stack(images), request);
        }
    }

    private sealed class TableOutliers(string path) : OutlierSource(Path.GetFileNameWithoutExtension(path), OutlierUse.Test)
    {
        private protected override Tensor Read(OutlierRequest request)
        {
            TabularSchema schema = request.Schema ?? throw new OptionsException("schema", null, "must say what the columns of the model's table mean: the model must be a run on a table");
            Tensor rows = CsvTable.ReadFeaturesAs(path, schema);
            rows = request.Count is { } count && count < rows.shape[0] ? rows.narrow(0, 0, count) : rows;
            return request.Standardization?.Apply(rows) ?? rows.to(torch.float32);
        }
    }

    private sealed class GivenOutliers(string name, Tensor inputs) : OutlierSource(name, OutlierUse.Test)
    {
        private protected override Tensor Read(OutlierRequest request) =>
            (request.Count is { } count && count < inputs.shape[0] ? inputs.narrow(0, 0, count) : inputs).to(torch.float32).alias();
    }
}
