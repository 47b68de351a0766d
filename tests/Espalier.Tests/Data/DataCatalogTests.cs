using System.Text.Json;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;

namespace Espalier.Tests.Data;

public sealed class DataCatalogTests : IDisposable
{
    private static readonly DataCatalog Empty = new(new DataFolders(null, Path.Combine(Path.GetTempPath(), "espalier-no-such-folder")));
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static double[] Column(Dataset data, int column)
    {
        using LabelledBatch all = data.All();
        return [.. all.Inputs.reshape(data.Count, -1).select(1, column).contiguous().data<float>().ToArray().Select(v => (double)v)];
    }

    private static long[] ClassCounts(params Dataset[] parts)
        => [.. Enumerable.Range(0, parts[0].ClassCount).Select(c => parts.Sum(p => p.LabelArray().LongCount(l => l == c)))];

    private static (double Mean, double Deviation) Pixels(Dataset data, int channel = 0)
    {
        using var scope = torch.NewDisposeScope();
        Tensor x = data.All().Inputs.select(1, channel).to(torch.float64);
        return (x.mean().item<double>(), x.std(unbiased: false).item<double>());
    }

    // Class counts and the mean of the first column as scikit-learn's loaders give them.
    [Theory]
    [InlineData("iris", new long[] { 50, 50, 50 }, 5.843333)]
    [InlineData("wine", new long[] { 59, 71, 48 }, 13.000618)]
    [InlineData("breast-cancer", new long[] { 212, 357 }, 14.127292)]
    [InlineData("digits", new long[] { 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 }, 0)]
    public void Embedded_tables_are_those_of_scikit_learn(string name, long[] counts, double mean)
    {
        using LoadedData loaded = Empty.Load(new() { Name = name });
        DatasetSplits s = loaded.Splits;
        Assert.Equal(counts, ClassCounts(s.Train, s.Validation, s.Test));
        Assert.Equal(mean, new[] { s.Train, s.Validation, s.Test }.SelectMany(d => Column(d, 0)).Average(), 5);
        Assert.Equal(loaded.Info.InputShape, s.Train.InputShape);
        Assert.Equal(loaded.Info.ClassNames, s.Test.ClassNames);
        Assert.Equal(loaded.Info.SampleCount, s.Train.Count + s.Validation.Count + s.Test.Count);
        Assert.Equal(loaded.Info.Files.Single().Sha256, loaded.Checksums.Single().Value);
    }

    [Fact]
    public void Digits_are_images_in_sixteenths()
    {
        using LoadedData loaded = Empty.Load(new() { Name = "digits" });
        DatasetSplits s = loaded.Splits;
        double sum = new[] { s.Train, s.Validation, s.Test }.Sum(d => Pixels(d).Mean * d.Count);
        Assert.Equal(4.884164579855314, 16 * sum / 1797, 9); // sklearn: load_digits().data.mean()
        using LabelledBatch batch = s.Test.Gather([0, 1, 2]);
        Assert.All(batch.Inputs.data<float>().ToArray(), v => Assert.Equal(v * 16, MathF.Round(v * 16)));
        Assert.Equal((1, 0), (s.Test.Bounds.Upper, s.Test.Bounds.Lower));
    }

    [Fact]
    public void Splits_are_disjoint_stratified_and_repeatable()
    {
        using LoadedData a = Empty.Load(new() { Name = "iris" });
        using LoadedData b = Empty.Load(new() { Name = "iris" });
        using LoadedData c = Empty.Load(new() { Name = "iris", SplitSeed = 1 });
        // Of 50: 32.5 / 7.5 / 10, rounded to 33 / 7 / 10.
        Assert.Equal([33L, 33, 33], ClassCounts(a.Splits.Train));
        Assert.Equal([7L, 7, 7], ClassCounts(a.Splits.Validation));
        Assert.Equal([10L, 10, 10], ClassCounts(a.Splits.Test));
        Assert.Equal(Column(a.Splits.Test, 0), Column(b.Splits.Test, 0));
        Assert.NotEqual(Column(a.Splits.Test, 0), Column(c.Splits.Test, 0));
    }

    [Fact]
    public void Standardizing_uses_the_training_part_alone()
    {
        using LoadedData raw = Empty.Load(new() { Name = "wine" });
        using LoadedData scaled = Empty.Load(new() { Name = "wine", Standardize = true });
        double[] train = Column(raw.Splits.Train, 12);
        double mean = train.Average();
        double deviation = Math.Sqrt(train.Average(v => (v - mean) * (v - mean)));
        Assert.Equal(0, Column(scaled.Splits.Train, 12).Average(), 5);
        Assert.Equal(1, Column(scaled.Splits.Train, 12).Average(v => v * v), 5);
        Assert.Equal(Column(raw.Splits.Test, 12).Select(v => (v - mean) / deviation), Column(scaled.Splits.Test, 12), (x, y) => Math.Abs(x - y) < 1e-4);
        Assert.Equal((raw.Splits.Train.Bounds.LowerValues[12] - mean) / deviation, scaled.Splits.Train.Bounds.LowerValues[12], 4);
        Assert.Equal(mean, scaled.Standardization!.Mean[12], 4);
        Assert.Null(raw.Standardization);
    }

    [Fact]
    public void Standardizing_images_is_per_channel()
    {
        using LoadedData scaled = Empty.Load(new() { Name = "digits", Standardize = true });
        (double mean, double deviation) = Pixels(scaled.Splits.Train);
        Assert.Equal(0, mean, 5);
        Assert.Equal(1, deviation, 5);
        Assert.Single(scaled.Standardization!.Mean);
        Assert.Equal(64, scaled.Splits.Train.Bounds.LowerValues.Count);
    }

    [Fact]
    public void A_limit_draws_evenly_from_the_classes()
    {
        using LoadedData loaded = Empty.Load(new() { Name = "digits", Limit = 200 });
        DatasetSplits s = loaded.Splits;
        Assert.Equal(200, s.Train.Count + s.Validation.Count + s.Test.Count);
        Assert.All(ClassCounts(s.Train, s.Validation, s.Test), c => Assert.InRange(c, 19, 21));
    }

    [Theory]
    [InlineData(false, new byte[] { 0, 1, 2, 3, 4, 5, 6, 7 })]
    [InlineData(true, new byte[] { 0, 1, 2, 3, 10, 11, 12, 13 })]
    public void Training_takes_the_first_samples_of_the_files(bool isSortedByClass, byte[] expected)
    {
        byte[] pixels = [.. Enumerable.Range(0, 20).Select(i => (byte)i)];
        byte[] classes = [.. Enumerable.Range(0, 20).Select(i => (byte)(isSortedByClass ? i / 10 : i % 2))];
        foreach (string part in new[] { "train", "t10k" })
        {
            _folder.Write($"own/{part}-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, .. pixels]);
            _folder.Write($"own/{part}-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 20, .. classes]);
        }

        var options = new DataOptions { Name = "idx", Path = _folder.File("own"), TrainFirst = 8, ValidationFraction = .25 };
        using LoadedData loaded = Empty.Load(options);
        Assert.Equal(expected, Pixels(loaded.Splits.Train));
        byte[] validation = Pixels(loaded.Splits.Validation);
        Assert.Equal(3, validation.Length);
        Assert.Empty(validation.Intersect(expected));
        Assert.Equal(20, loaded.Splits.Test.Count);
        Assert.Equal("trainFirst", Assert.Throws<OptionsException>(() => Empty.Load(options with { TrainFirst = 20 })).Option);
        Assert.Equal("trainFirst", Assert.Throws<OptionsException>(() => Empty.Load(new() { Name = "digits", TrainFirst = 20 })).Option);

        static byte[] Pixels(Dataset data)
        {
            using var scope = torch.NewDisposeScope();
            return [.. (data.All().Inputs.flatten() * 255).round().data<float>().Select(p => (byte)p)];
        }
    }

    [Fact]
    public void Generated_sets_take_their_options()
    {
        using LoadedData loaded = Empty.Load(new() { Name = "blobs", Generated = new() { Samples = 500, Classes = 5, Features = 3 } });
        Assert.Equal(5, loaded.Splits.Train.ClassCount);
        Assert.Equal([3L], loaded.Splits.Train.InputShape);
        Assert.Equal(100, loaded.Splits.Test.Count);
        Assert.Empty(loaded.Checksums);
    }

    [Fact]
    public void Options_bind_from_json()
    {
        var options = JsonSerializer.Deserialize<DataOptions>("""{"name":"csv","path":"x.csv","limit":5,"csv":{"target":"y"}}""", JsonSerializerOptions.Web)!;
        Assert.Equal(("csv", "x.csv", 5, "y", 0.15), (options.Name, options.Path, options.Limit, options.Csv.Target, options.ValidationFraction));
    }

    [Fact]
    public void Bad_options_are_refused()
    {
        Assert.Equal("did you mean 'digits'?", Assert.Throws<NotFoundException>(() => Empty.Load(new() { Name = "digts" })).Remedy);
        Assert.Equal("digits", Empty.Find("Digits").Name);
        Assert.Equal("name", Assert.Throws<OptionsException>(() => Empty.Load(new())).Option);
        Assert.Equal("testFraction", Assert.Throws<OptionsException>(() => Empty.Load(new() { Name = "iris", ValidationFraction = 0.5, TestFraction = 0.5 })).Option);
        Assert.Equal("generated.samples", Assert.Throws<OptionsException>(() => Empty.Load(new() { Name = "moons", Generated = new() { Samples = 1 } })).Option);
        Assert.Equal("path", Assert.Throws<OptionsException>(() => Empty.Load(new() { Name = "csv" })).Option);
        Assert.Equal("limit", Assert.Throws<OptionsException>(() => Empty.Load(new() { Name = "iris", Limit = 0 })).Option);
    }

    [Fact]
    public void What_is_missing_is_said()
    {
        Assert.True(Empty.IsAvailable(Empty.Find("digits"), out string none));
        Assert.Equal("", none);
        Assert.False(Empty.IsAvailable(Empty.Find("mnist"), out string mnist));
        Assert.Contains("train-images-idx3-ubyte.gz", mnist, StringComparison.Ordinal);
        Assert.Contains("espalier data fetch mnist", mnist, StringComparison.Ordinal);
        Assert.Contains("set ESPALIER_DATA to the folder that holds mnist/", mnist, StringComparison.Ordinal);
        Assert.Contains("set ESPALIER_DATA", Assert.Throws<DataException>(() => Empty.Load(new() { Name = "notmnist" })).Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("download", Assert.Throws<DataException>(() => Empty.Load(new() { Name = "notmnist" })).Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_refused()
    {
        _folder.Write("notmnist/t10k-images-idx3-ubyte.gz", "damaged");
        _folder.Write("notmnist/t10k-labels-idx1-ubyte.gz", "damaged");
        var catalog = new DataCatalog(new DataFolders(_folder.Path, _folder.File("cache")));
        Assert.True(catalog.IsAvailable(catalog.Find("notmnist"), out _));
        Assert.Contains("SHA-256", Assert.Throws<DataException>(() => catalog.Load(new() { Name = "notmnist" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_ones_own()
    {
        string rows = string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{(i % 2 == 0 ? "even" : "odd")}\n"));
        string path = _folder.Write("own.csv", "n,parity\n" + rows);
        using LoadedData loaded = Empty.Load(new() { Name = "csv", Path = path });
        Assert.Equal(["even", "odd"], loaded.Splits.Train.ClassNames);
        Assert.Equal((26, 6, 8), (loaded.Splits.Train.Count, loaded.Splits.Validation.Count, loaded.Splits.Test.Count));
        Assert.Equal(["n"], loaded.Schema!.FeatureNames);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))), loaded.Checksums["own.csv"]);
    }

    [Fact]
    public void Idx_files_of_ones_own()
    {
        byte[] images = [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 1, .. Enumerable.Range(0, 20).Select(i => (byte)i)];
        byte[] labels = [0, 0, 8, 1, 0, 0, 0, 20, .. Enumerable.Range(0, 20).Select(i => (byte)(i % 2))];
        string path = _folder.Write("own/train-images-idx3-ubyte", images);
        _folder.Write("own/train-labels-idx1-ubyte", labels);
        using (LoadedData loaded = Empty.Load(new() { Name = "idx", Path = _folder.File("own") }))
            Assert.Equal((14, 2, 4), (loaded.Splits.Train.Count, loaded.Splits.Validation.Count, loaded.Splits.Test.Count));
        _folder.Write("own/t10k-images-idx3-ubyte", images);
        _folder.Write("own/t10k-labels-idx1-ubyte", labels);
        using (LoadedData loaded = Empty.Load(new() { Name = "idx", Path = _folder.File("own") }))
            Assert.Equal(20, loaded.Splits.Test.Count);
        using (LoadedData loaded = Empty.Load(new() { Name = "idx", Path = path }))
            Assert.Equal(4, loaded.Splits.Test.Count);
        Assert.Throws<DataException>(() => Empty.Load(new() { Name = "idx", Path = _folder.Path }));
    }

    private static DataCatalog Local()
    {
        Assert.SkipUnless(DataFolders.FromEnvironment().Local is not null, "set ESPALIER_DATA to the folder of the local data sets");
        return DataCatalog.Default;
    }

    [Fact]
    public void Mnist_has_its_published_statistics()
    {
        using LoadedData loaded = Local().Load(new() { Name = "mnist", Limit = 60_000 });
        DatasetSplits s = loaded.Splits;
        Assert.Equal([5923L, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949], ClassCounts(s.Train, s.Validation));
        Assert.Equal([980L, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009], ClassCounts(s.Test));
        Assert.Equal([7L, 2, 1, 0, 4, 1, 4, 9, 5, 9], s.Test.LabelArray()[..10]);
        (double mean, double deviation) = Pixels(s.Test);
        Assert.Equal(0.13251460, mean, 6);
        Assert.Equal(0.31048025, deviation, 6);
        Assert.Equal(4, loaded.Checksums.Count);
    }

    [Fact]
    public void Fashion_and_not_mnist_have_their_statistics()
    {
        using (LoadedData fashion = Local().Load(new() { Name = "fashion-mnist" }))
        {
            Assert.Equal([1122L, 1220, 1201, 1212, 1181, 1204, 1244, 1192, 1195, 1229], ClassCounts(fashion.Splits.Train, fashion.Splits.Validation));
            Assert.All(ClassCounts(fashion.Splits.Test), c => Assert.Equal(1000, c));
        }

        using LoadedData letters = Local().Load(new() { Name = "notmnist" });
        Assert.Equal(2000, letters.Splits.Test.Count);
        (double mean, _) = Pixels(letters.Splits.Train);
        Assert.Equal(0.4266, mean, 2);
    }

    [Fact]
    public void Cifar_images_have_their_statistics()
    {
        using LoadedData loaded = Local().Load(new() { Name = "cifar10-jpeg-mini" });
        Assert.Equal([3L, 32, 32], loaded.Splits.Test.InputShape);
        double[] means = [0.4972, 0.4883, 0.4535];
        double[] deviations = [0.2449, 0.2421, 0.2612];
        for (int c = 0; c < 3; c++)
        {
            (double mean, double deviation) = Pixels(loaded.Splits.Test, c);
            Assert.InRange(mean, means[c] - 0.001, means[c] + 0.001);
            Assert.InRange(deviation, deviations[c] - 0.001, deviations[c] + 0.001);
        }
    }

    [Fact]
    public void The_two_parts_of_Omniglot_share_no_alphabet()
    {
        DataFolders folders = DataFolders.FromEnvironment();
        Assert.SkipUnless(folders.Local is not null, "set ESPALIER_DATA to the folder of the local data sets");
        using UncutData data = new DataCatalog(folders).LoadUncut(new() { Name = "omniglot" });
        string[] Alphabets(Dataset part) => [.. part.LabelArray().Select(l => part.ClassNames[(int)l].Split('/')[0]).Distinct().Order(StringComparer.Ordinal)];
        Assert.Equal((2720, 2120), (data.Pool.Count, data.Test!.Count));
        Assert.Equal(["Balinese", "Early_Aramaic", "Greek", "Korean", "Latin"], Alphabets(data.Pool));
        Assert.Equal(["Japanese_(katakana)", "Sanskrit", "Tagalog"], Alphabets(data.Test));
        Assert.Same(data.Test, data.ForTest);
        Assert.All(data.Test.LabelArray().GroupBy(l => l), g => Assert.Equal(20, g.Count()));
    }
}
