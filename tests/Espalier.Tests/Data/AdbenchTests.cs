using System.Text.Json;
using Espalier.Anomaly.Tabular;
using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Tests.Cli;

namespace Espalier.Tests.Data;

/// <summary>The tables of ADBench, and other tables of the catalogue, by name.</summary>
public sealed class AdbenchTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string> Names => [.. DataCatalog.Default.Entries.Where(e => e.Name.StartsWith("adbench-", StringComparison.Ordinal)).Select(e => e.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_the_catalogue_says_of_a_table_is_so(string name)
    {
        DatasetInfo info = DataCatalog.Default.Find(name);
        Assert.SkipUnless(DataCatalog.Default.IsAvailable(info, out string reason), reason);

        NumericTable table = DataCatalog.Default.LoadTable(name);

        Assert.Equal((info.SampleCount, info.InputShape[0]), (table.Count, table.Schema.FeatureCount));
        Assert.Contains(FormattableString.Invariant($": {table.Labels!.Count(l => l == "unusual"):N0} of the rows"), info.Title, StringComparison.Ordinal);
        NpzFile file = NpzFile.Open(Path.Combine(DataFolders.FromEnvironment().Local!, info.Folder, info.Files[0].Name));
        Assert.Equal(file.Load("X").ToDoubles(), table.Rows.Cast<double>());
        Assert.Equal(file.Load("y").ToDoubles().Select(y => y == 1), table.Labels!.Select(l => l == "unusual"));

        // For a model the same rows, in single precision.
        using UncutData data = DataCatalog.Default.LoadUncut(new() { Name = name });
        using var scope = torch.NewDisposeScope();
        LabelledBatch all = data.Pool.All();
        Assert.Equal(table.Rows.Cast<double>().Select(v => (float)v), all.Inputs.flatten().data<float>());
        Assert.Equal(table.Labels!.Select(l => l == "unusual" ? 1L : 0), all.Labels.data<long>());
        Assert.Equal(info.Files[0].Sha256, data.Checksums[info.Files[0].Name]);
    }

    [Fact]
    public void There_are_twenty_and_they_are_found_by_near_names()
    {
        Assert.Equal(20, Names.Count);
        Assert.Contains("'adbench-cardio'", Assert.Throws<NotFoundException>(() => NumericTable.Open("adbench-cadio")).Message, StringComparison.Ordinal);
        Assert.Contains("no table", Assert.Throws<DataException>(() => NumericTable.Open("digits")).Message, StringComparison.Ordinal);
        Assert.Contains("file itself", Assert.Throws<DataException>(() => NumericTable.Open("csv")).Message, StringComparison.Ordinal);

        // Where the files are absent, what is missing is said.
        var empty = new DataCatalog(new DataFolders(_folder.Path, _folder.Path));
        Assert.Contains("6_cardio.npz", Assert.Throws<DataException>(() => empty.LoadTable("adbench-cardio")).Message, StringComparison.Ordinal);

        // A file of that name is a file.
        Assert.Throws<DataException>(() => NumericTable.Open(_folder.Write("wine", "a,b\n1\n")));
    }

    [Fact]
    public void A_table_of_the_catalogue_stands_wherever_a_file_does()
    {
        string kept = _folder.File("d.zip");
        CommandResult fit = InProcess.Run("detectors", "fit-rows", "wine", "--detector", "ecod", "--normal", "class_1", "--fpr", "0.1", "--out", kept, "--json", "--quiet");
        Assert.Equal((0, ""), (fit.ExitCode, fit.Error));
        CommandResult score = InProcess.Run("detectors", "score-rows", kept, "wine", "--json", "--quiet");
        Assert.Equal((0, ""), (score.ExitCode, score.Error));
        NumericTable table = NumericTable.Open("wine");
        Assert.Equal(TabularDetector.Load(kept).Score(table.Rows), JsonDocument.Parse(score.Output).RootElement.GetProperty("rows").EnumerateArray().Select(r => r.GetProperty("score").GetDouble()));
        CommandResult drift = InProcess.Run("drift", "--reference", "wine", "--window", "wine", "--permutations", "0", "--fail-on-drift", "--quiet");
        Assert.Equal((0, ""), (drift.ExitCode, drift.Error));
        CommandResult other = InProcess.Run("detectors", "score-rows", kept, "iris", "--quiet");
        Assert.Equal(2, other.ExitCode);
        CommandResult columns = InProcess.Run("detectors", "fit-rows", "wine", "--label", "class");
        Assert.Equal(2, columns.ExitCode);
        Assert.Contains("the catalogue knows", columns.Error);
        CommandResult near = InProcess.Run("detectors", "fit-rows", "wien");
        Assert.Equal(2, near.ExitCode);
        Assert.Contains("did you mean 'wine'", near.Error);
    }
}
