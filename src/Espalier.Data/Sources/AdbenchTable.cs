using System.Globalization;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Errors;

namespace Espalier.Data.Sources;

/// <summary>A table of ADBench (Han et al. 2022): rows of numbers, of which few are unusual.</summary>
internal sealed class AdbenchTable : FileSource
{
    private const string FolderName = "adbench-tabular";

    // File, rows, columns, unusual rows, sha256.
    private static readonly (string File, int Rows, int Columns, int Unusual, string Sha256)[] s_tables =
    [
        ("2_annthyroid", 7200, 6, 534, "e738f7c58a8740d2c4aac4c71ff49ce5e1d1aa16f44178135fc9c09df05fad1b"),
        ("4_breastw", 683, 9, 239, "4f37ce07dbc25ddad8178fdc6d664ab46d2d0000ee28c2787c3c7ff3c03ef9f6"),
        ("6_cardio", 1831, 21, 176, "bc5009bde6930b4d298b594f31b34485a9a17210cff0e8fb00a8c3068b885a2d"),
        ("7_Cardiotocography", 2114, 21, 466, "5ae84910430f05923e11b6f537243263977c9136949dabd891e3570aeec51e29"),
        ("14_glass", 214, 7, 9, "aa7a8db1d475ba01a10488af454bc15220a3d5951b010b03b7020567d8152cdc"),
        ("18_Ionosphere", 351, 32, 126, "bca46cb0cfd1bf9ddef6cde5ad2215d54fb0189508d0d4c4eb98e788cad69001"),
        ("20_letter", 1600, 32, 100, "f986d3da80cf1fa2aea83a5ebe73b7d4800e0d4c01fdd1ae074b58d20f10d039"),
        ("23_mammography", 11183, 6, 260, "a0308ac9712d78321073b1c2dc98dc37665c0f35c1cc33019416fe8f8d7de7ea"),
        ("25_musk", 3062, 166, 97, "2ed3f4392197b76a1e59116ff880c7720a4b026cf4842073a53b56fdea265017"),
        ("26_optdigits", 5216, 64, 150, "60de17a375a278ba220a7849727d998aa02b5e2f9fd17732a004bba28de4656e"),
        ("28_pendigits", 6870, 16, 156, "c4936b89dcdad59d303020e492f763a0f54170080d787c77497609acbb9c2d79"),
        ("29_Pima", 768, 8, 268, "215454bb263a2f040945c9ea7bd7f06f1e89a61a3143bdb6f196e3887e801a7d"),
        ("30_satellite", 6435, 36, 2036, "1f048f5686f1b8c16a227fdfa3c81a62cd9a92715714a6b24c69b1c5ad96b46e"),
        ("31_satimage-2", 5803, 36, 71, "1b056e357f801b8b20c3f380a30224a3c4088d7ed764ec5a24828dc9b1918d6f"),
        ("32_shuttle", 49097, 9, 3511, "26900b0f6be45d9ddb7a402c9b2f956ceda42d23a8ca4cf4406b8bc1352823d1"),
        ("38_thyroid", 3772, 6, 93, "8de161b3f235b7647bb0b39a836d983ff61d67bf234edac461da2d71e889cb87"),
        ("40_vowels", 1456, 12, 50, "4bfc4244d1c882773bbbc50d4a5db5e52276e53506e46b2d45e02d074cfcb1b6"),
        ("42_WBC", 223, 9, 10, "650f9dcb129248f67a291be0974f533ef259fcbde50fce5c8ad2a1cb2652d03b"),
        ("43_WDBC", 367, 30, 10, "78d4606a1ab516f5b60b00c196497f3bbd6bd5e4548fd04cf5f2475209b34b85"),
        ("45_wine", 129, 13, 10, "d5ad8965d92cc57122fe1e6572bb301adbaf795b3e166d187ae00a704d8f6e20"),
    ];

    private AdbenchTable(DatasetInfo info) : base(info)
    {
    }

    /// <summary>All of them, by name.</summary>
    public static IEnumerable<DatasetSource> All => s_tables.Select(t =>
    {
        string name = t.File[(t.File.IndexOf('_', StringComparison.Ordinal) + 1)..];
        return new AdbenchTable(new DatasetInfo
        {
            Name = $"adbench-{name.ToLowerInvariant()}",
            Folder = FolderName,
            Title = string.Create(CultureInfo.InvariantCulture, $"ADBench's table {name}: {t.Unusual:N0} of the rows are unusual ({100.0 * t.Unusual / t.Rows:0.0} %)"),
            Origin = DatasetOrigin.Local,
            Task = DatasetTask.TabularClassification,
            InputShape = [t.Columns],
            ClassNames = ["ordinary", "unusual"],
            SampleCount = t.Rows,
            Licence = "free for research (ODDS, UCI); packaged by ADBench, BSD 2-clause",
            Source = "S. Han et al., ADBench: Anomaly Detection Benchmark, NeurIPS 2022, https://github.com/Minqi824/ADBench",
            Files = [new(t.File + ".npz", t.Sha256)],
        });
    });

    public override SourceData Load(DataFolders folders, DataOptions options)
    {
        var checksums = new Dictionary<string, string>();
        NumericTable table = Read(folders, checksums);
        using Tensor values = torch.tensor(table.Rows, dtype: torch.float32);
        long[] labels = [.. table.Labels!.Select(l => l == Info.ClassNames[0] ? 0L : 1)];
        return new SourceData(new Dataset(Info.Name, values.clone(), torch.tensor(labels), Info.ClassNames, table.Schema.Bounds), null, checksums) { Schema = table.Schema };
    }

    /// <inheritdoc/>
    public override NumericTable LoadTable(DataFolders folders) => Read(folders, NoChecksums);

    private NumericTable Read(DataFolders folders, Dictionary<string, string> checksums)
    {
        DatasetFile file = Info.Files[0];
        _ = Read(folders, file, checksums);
        NumericTable table = NumericTable.Read(folders.Locate(Info.Folder, file.Name)!);
        if (table.Labels is not { } labels || table.Schema.FeatureCount != Info.InputShape[0])
            throw new DataException(file.Name, "is no table of ADBench", "get the file again");
        return NumericTable.Of(Info.Name, table.Rows, table.Schema with { Target = "class", ClassNames = Info.ClassNames }, [.. labels.Select(l => Info.ClassNames[l == "0" ? 0 : 1])]);
    }
}
