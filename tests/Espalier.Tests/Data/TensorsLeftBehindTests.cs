using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Sampling;
using Espalier.Tests.Concurrency;

namespace Espalier.Tests.Data;

/// <summary>What works on several threads is counted over the process, so no other test may make tensors beside these.</summary>
[Collection(Alone.Name)]
public sealed class TensorsLeftBehindTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void A_loader_that_is_left_early_frees_what_nobody_took()
    {
        using var data = new Dataset("numbers", torch.arange(1000, dtype: torch.float32).view(1000, 1), torch.zeros(1000, dtype: torch.int64), ["all"]);
        var stream = new SampleStream(1000, 1);
        long before = Count();
        using (var loader = new PrefetchingLoader<LabelledBatch>(data.Name, Enumerable.Range(0, 500).Select(i => data.Gather(stream.Take(i * 32L, 32), i * 32L))))
        {
            foreach (LabelledBatch batch in loader.Take(400))
                batch.Dispose();
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Loading_leaves_nothing_to_the_finalizer()
    {
        string path = _folder.Write("own.csv", "a,y\n1,u\n2,u\n3,u\n4,u\n5,u\n6,v\n7,v\n8,v\n9,v\n10,v\n");
        var catalog = new DataCatalog(new DataFolders(null, _folder.File("none")));
        long before = Count();
        foreach (string name in new[] { "digits", "wine", "moons", "blobs", "csv" })
            catalog.Load(new() { Name = name, Path = path, Limit = 120, Standardize = true }).Dispose();
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Data_on_another_device_take_their_memory_along()
    {
        long before = Count();
        var elsewhere = new torch.Device(DeviceType.META);
        using (var images = new Dataset("images", torch.zeros([6, 1, 4, 4], dtype: torch.uint8), torch.zeros(6, dtype: torch.int64), ["a"], scale: 1 / 255.0))
        using (Dataset windows = Dataset.Windows("text", torch.arange(20), 4, 2))
        using (var splits = new DatasetSplits(images, windows, images.Subset([1, 2])))
        {
            long held = Tensor.TotalCount;
            Assert.Same(splits, splits.To(elsewhere));
            Assert.Equal(held, Tensor.TotalCount);
            Assert.All([splits.Train, splits.Validation, splits.Test], d => Assert.Equal((DeviceType.META, DeviceType.META), (d.Device.type, d.Labels.device_type)));
        }

        Assert.Equal(before, Count());
    }

    [Fact]
    public void A_tensor_that_moves_leaves_nothing_behind_and_one_that_stays_is_itself()
    {
        Tensor here = torch.ones(3);
        Assert.Same(here, here.MovedTo(torch.CPU));
        using Tensor there = here.MovedTo(new torch.Device(DeviceType.META));
        Assert.True(here.IsInvalid);
        Assert.Equal(DeviceType.META, there.device_type);
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The tensors alive, after the finalizers of what other tests dropped: some free tensors in a second round only.</summary>
    private static long Count()
    {
        for (int round = 0; round < 2; round++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return Tensor.TotalCount;
    }
}
