using Espalier.Anomaly.Outliers;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Tests.Data;
using SkiaSharp;

namespace Espalier.Tests.Anomaly;

public sealed class OutlierSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void Picture(string name, int side, byte grey)
    {
        using var bitmap = new SKBitmap(side, side);
        bitmap.Erase(new SKColor(grey, grey, grey));
        using SKData png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        _folder.Write(name, png.ToArray());
    }

    [Fact]
    public void A_generator_makes_as_many_as_there_are_inliers()
    {
        using var scope = torch.NewDisposeScope();
        using var inliers = new Dataset("in", torch.rand(7, 1, 4, 4), torch.zeros(7, dtype: torch.int64), ["one"]);
        OutlierSource source = OutlierSource.Open("blobs");
        var request = new OutlierRequest { Shape = [1, 4, 4], Inliers = inliers, Seed = 3 };
        Assert.Equal([7L, 1, 4, 4], source.Load(request).shape);
        Assert.Equal(new Blobs().Generate(2, [1, 4, 4], InputBounds.Unit, 3).data<float>().ToArray(), source.Load(request with { Count = 2 }).data<float>().ToArray());
        Assert.Throws<OptionsException>(() => source.Load(request with { Inliers = null }));
        Assert.Equal((OutlierUse.Test, OutlierUse.Validation), (source.Use, OutlierSource.Open("jigsaw").Use));
    }

    [Fact]
    public void A_data_set_gives_its_first_samples()
    {
        using var scope = torch.NewDisposeScope();
        OutlierSource source = OutlierSource.Open("digits");
        Tensor whole = source.Load(new OutlierRequest { Shape = [1, 8, 8] });
        Assert.Equal([1797L, 1, 8, 8], whole.shape);
        Assert.True(whole.narrow(0, 0, 5).Equals(source.Load(new OutlierRequest { Shape = [1, 8, 8], Count = 5 })));

        // Another form: three equal channels of half the size, each pixel the mean of four, in the model's bounds.
        Tensor fitted = source.Load(new OutlierRequest { Shape = [3, 4, 4], Count = 5, Bounds = InputBounds.Uniform(-1, 1) });
        double mean = whole[0, 0].narrow(0, 0, 2).narrow(1, 4, 2).mean().ToDouble();
        Assert.All(Enumerable.Range(0, 3), c => Assert.Equal((2 * mean) - 1, fitted[0, c, 0, 2].ToDouble(), 1e-6));
        Assert.Throws<ShapeException>(() => source.Load(new OutlierRequest { Shape = [64] }));
    }

    [Fact]
    public void A_folder_of_pictures_serves_however_it_is_sorted()
    {
        using var scope = torch.NewDisposeScope();
        Picture("b/2.png", 6, 51);
        Picture("b/sub/1.png", 3, 102);
        Picture("b/sub/3.png", 3, 255);
        OutlierSource source = OutlierSource.Open(_folder.File("b"));
        Tensor loaded = source.Load(new OutlierRequest { Shape = [1, 3, 3], Count = 2 });
        Assert.Equal("b", source.Name);
        Assert.Equal([2L, 1, 3, 3], loaded.shape);
        Assert.Equal(0.2, loaded[0].mean().ToDouble(), 1e-3);
        Assert.Equal(0.4, loaded[1].mean().ToDouble(), 1e-3);
        _folder.Write("empty/readme.txt", "none");
        Assert.Throws<DataException>(() => OutlierSource.Open(_folder.File("empty")).Load(new OutlierRequest { Shape = [1, 3, 3] }));
        Assert.Throws<ShapeException>(() => source.Load(new OutlierRequest { Shape = [4] }));
    }

    [Fact]
    public void A_table_is_read_by_the_models_schema_and_needs_no_class()
    {
        using var scope = torch.NewDisposeScope();
        string train = _folder.Write("train.csv", "a,kind,class\n1,x,0\n3,y,1\n");
        string foreign = _folder.Write("foreign.csv", "kind,a\ny,5\nx,7\n");
        TabularData table = CsvTable.Read(train);
        using Dataset data = table.Data;
        var request = new OutlierRequest { Shape = [3], Schema = table.Schema };
        Assert.Equal([5f, 0, 1, 7, 1, 0], OutlierSource.Open(foreign).Load(request).flatten().data<float>().ToArray());
        Standardization scaling = Standardization.Fit(data);
        Assert.Equal([3f, -1, 1], OutlierSource.Open(foreign).Load(request with { Count = 1, Standardization = scaling }).flatten().data<float>().ToArray());
        string other = _folder.Write("other.csv", "a,kind\nz,x\n");
        Assert.Throws<DataException>(() => OutlierSource.Open(other).Load(request));
        Assert.Throws<OptionsException>(() => OutlierSource.Open(foreign).Load(request with { Schema = null }));
    }

    [Fact]
    public void Nearly_right_names_are_suggested()
    {
        Assert.Contains("jigsaw", Assert.Throws<NotFoundException>(() => OutlierSource.Open("jigsw")).Message, StringComparison.Ordinal);
        Assert.Throws<NotFoundException>(() => OutlierSource.Open("./no/such/folder"));
        var none = new DataCatalog(new DataFolders(null, _folder.Path));
        Assert.Contains("notmnist", Assert.Throws<DataException>(() => OutlierSource.Open("notmnist", none)).Message, StringComparison.Ordinal);
        Assert.Equal("blobs", OutlierSource.Open("data:blobs").Name);
        Assert.Equal([1000L, 2], OutlierSource.Open("data:blobs").Load(new OutlierRequest { Shape = [2] }).shape);
    }

    [Fact]
    public void Outliers_that_are_inliers_are_found_by_their_bytes()
    {
        using var scope = torch.NewDisposeScope();
        Tensor inliers = torch.rand(5000, 1, 3, 3);
        Tensor outliers = torch.rand(6, 1, 3, 3);
        outliers[2].copy_(inliers[4999]);
        outliers[5].copy_(inliers[0]);
        Assert.Equal([2, 5], DuplicateRows.Find(outliers, inliers));
        Assert.Empty(DuplicateRows.Find(outliers.narrow(0, 0, 2), inliers));
        var error = Assert.Throws<DataException>(() => DuplicateRows.Refuse(outliers, "test", inliers, "exposed"));
        Assert.Contains("2 of 6", error.Message, StringComparison.Ordinal);
        DuplicateRows.Refuse(outliers.narrow(0, 3, 2), "test", inliers, "exposed");
        Assert.Throws<ShapeException>(() => DuplicateRows.Find(outliers.view(6, 9), inliers));
    }
}
