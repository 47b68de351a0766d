using System.IO.Compression;
using System.Text;
using Espalier.Anomaly.Decisions;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

public sealed class TabularFitTests
{
    /// <summary>300 rows: two numbers and a category; the last column says what they are.</summary>
    internal static string Table(TemporaryFolder folder, string name = "rows.csv", int seed = 1, int rows = 300, double shift = 0)
    {
        var random = new SplitMix64(101, seed);
        var text = new System.Text.StringBuilder("size,weight,colour,kind\n");
        for (int i = 0; i < rows; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{random.NextNormal() + shift},{random.NextNormal() * 100},{(random.NextBernoulli(0.5) ? "red" : "blue")},{(i % 10 == 9 ? "odd" : "ok")}\n");
        return folder.Write(name, text.ToString());
    }

    [Fact]
    public void A_kept_detector_decides_as_the_fitted_one()
    {
        using var folder = new TemporaryFolder();
        NumericTable table = NumericTable.Read(Table(folder), new() { Label = "kind" }).Only("ok");
        Assert.Equal(270, table.Count);
        TabularDetector detector = TabularFit.Run(table, new() { Detector = "knn:neighbours=3", FalseAlarms = 0.05, Delta = 0.2 });
        Assert.Equal((189, 81), (detector.TrainingRows, detector.Calibration.Count));
        detector.Save(folder.File("d.zip"));
        TabularDetector copy = TabularDetector.Load(folder.File("d.zip"));
        Assert.Equal(detector.Threshold, copy.Threshold);
        Assert.Equal(DetectionThreshold.ConformalPac(detector.Calibration, 0.05, 0.2), copy.Threshold);
        Assert.Equal(detector.Calibration, copy.Calibration);
        NumericTable fresh = NumericTable.ReadAs(Table(folder, "new.csv", 2), copy.Schema!);
        Assert.Equal(detector.Score(fresh.Rows), copy.Score(fresh.Rows));

        // A training row is nearest to itself, under its number in the file.
        TrainingRow nearest = copy.Nearest([.. Enumerable.Range(0, 4).Select(j => table.Rows[0, j])])[0];
        if (nearest.Distance == 0)
            Assert.Equal(table.Numbers[0], nearest.Number);
        int[] numbers = [.. Enumerable.Range(0, table.Count).SelectMany(i => copy.Nearest([.. Enumerable.Range(0, 4).Select(j => table.Rows[i, j])], 1).Where(n => n.Distance == 0).Select(n => n.Number - table.Numbers[i]))];
        Assert.Equal(189, numbers.Length);
        Assert.All(numbers, difference => Assert.Equal(0, difference));
    }

    [Fact]
    public void Too_few_rows_for_a_promise_are_told_before_the_fit()
    {
        using var folder = new TemporaryFolder();
        NumericTable table = NumericTable.Read(Table(folder, rows: 100), new() { Label = "kind" });
        Assert.Contains("at least 999", Assert.Throws<DataException>(() => TabularFit.Run(table, new() { FalseAlarms = 0.001 })).Message);
        Assert.Contains("at least 299", Assert.Throws<DataException>(() => TabularFit.Run(table, new() { FalseAlarms = 0.01, Delta = 0.05 })).Message);
        Assert.Throws<NotFoundException>(() => TabularFit.Run(table, new() { Detector = "ecodd" }));
        Assert.Throws<NotFoundException>(() => table.Only("strange"));
    }

    [Fact]
    public void Damaged_files_are_refused()
    {
        using var folder = new TemporaryFolder();
        NumericTable table = NumericTable.Read(Table(folder), new() { Label = "kind" });
        string path = folder.File("d.zip");
        TabularFit.Run(table, new() { Detector = "ecod" }).Save(path);
        Assert.Throws<CheckpointException>(() => TabularDetector.Load(folder.File("none.zip")));

        // An array gone, and a detector that nobody knows.
        File.Copy(path, folder.File("lacking.zip"));
        using (ZipArchive archive = ZipFile.Open(folder.File("lacking.zip"), ZipArchiveMode.Update))
            archive.GetEntry("arrays/sorted.npy")!.Delete();
        Assert.Throws<CheckpointException>(() => TabularDetector.Load(folder.File("lacking.zip")));
        ArchiveMutation.Zip(folder.File("unknown.zip"), [.. ArchiveMutation.Entries(File.ReadAllBytes(path)).Select(e => e.Name == "detector.json"
            ? (e.Name, Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(e.Content).Replace("\"ecod\"", "\"ecoud\"", StringComparison.Ordinal))) : e)]);
        Assert.Contains("'ecoud'", Assert.Throws<CheckpointException>(() => TabularDetector.Load(folder.File("unknown.zip"))).Message);
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        Assert.Throws<CheckpointException>(() => TabularDetector.Load(path));
    }

    [Fact]
    public void False_alarms_on_new_rows_keep_to_the_promise()
    {
        using var folder = new TemporaryFolder();
        TabularDetector detector = TabularFit.Run(NumericTable.Read(Table(folder, rows: 2000), new() { Label = "kind" }), new() { Detector = "hbos", FalseAlarms = 0.05 });
        double[] scores = detector.Score(NumericTable.ReadAs(Table(folder, "new.csv", 9, 4000), detector.Schema!).Rows);
        double rate = scores.Count(s => detector.Threshold!.IsAnomalous(s)) / 4000.0;
        Assert.InRange(rate, 0.02, 0.08);                                   // one draw of 600: deviation 0.009, and that of 4,000 rows
    }
}
