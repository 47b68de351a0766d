using Espalier.Anomaly.Drift;
using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

public sealed class DriftTests
{
    private static double Fraction(double value) => value - Math.Truncate(value);

    private static double[] First(int root) => [.. Enumerable.Range(1, 40).Select(i => Fraction(i * Math.Sqrt(root)))];

    private static double[] Second(int root) => [.. Enumerable.Range(1, 30).Select(i => Fraction(i * Math.Sqrt(root)))];

    private static double[] Bent => [.. Second(3).Select(v => Math.Pow(v, 1.5))];

    private static double[,] Table(params double[][] columns)
    {
        double[,] rows = new double[columns[0].Length, columns.Length];
        for (int j = 0; j < columns.Length; j++)
        {
            for (int i = 0; i < columns[j].Length; i++)
                rows[i, j] = columns[j][i];
        }

        return rows;
    }

    private static double[,] Normal(int stream, int rows, int columns, Func<int, double>? shift = null)
    {
        var random = new SplitMix64(91, stream);
        double[,] table = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int j = 0; j < columns; j++)
                table[i, j] = random.NextNormal() + (shift?.Invoke(j) ?? 0);
        }

        return table;
    }

    [Fact]
    public void The_tests_are_SciPys_and_NumPys()
    {
        (double distance, double p) = TwoSampleTests.KolmogorovSmirnov(First(2), Bent);
        Assert.Equal(0.15833333333333333, distance, 1e-12);
        Assert.Equal(0.7330476760275951, p, 1e-10);
        Assert.Equal(0.13296613488547582, TwoSampleTests.StabilityIndex(First(2), Bent), 1e-10);
        Assert.Equal(-0.010652085720333604, TwoSampleTests.MaximumMeanDiscrepancy(Table(First(2), First(5)), Table(Bent, Second(7)), 10).Discrepancy, 1e-10);
        (double statistic, double pValue) = TwoSampleTests.ChiSquare([10, 20, 30, 0], [20, 15, 28, 0]);
        Assert.Equal(4.045820627101415, statistic, 1e-10);
        Assert.Equal(0.13226995732884164, pValue, 1e-10);
        Assert.Equal((0, 1), TwoSampleTests.ChiSquare([5, 0], [9, 0]));
        Assert.Throws<DataException>(() => TwoSampleTests.ChiSquare([1, 2], [0, 0]));
    }

    [Fact]
    public void Exact_and_asymptotic_p_values_meet()
    {
        // 500 × 500 is the last exact one; five more rows change little.
        double[] a = [.. Enumerable.Range(1, 500).Select(i => Fraction(i * Math.Sqrt(2)))];
        double[] b = [.. Enumerable.Range(1, 505).Select(i => Math.Pow(Fraction(i * Math.Sqrt(3)), 1.15))];
        double exact = TwoSampleTests.KolmogorovSmirnov(a, b[..500]).PValue;
        double limit = TwoSampleTests.KolmogorovSmirnov(a, b).PValue;
        Assert.InRange(exact, 0.02, 0.8);
        Assert.Equal(exact, limit, 0.1 * exact + 0.02);
    }

    [Fact]
    public void Windows_like_the_reference_seldom_alarm()
    {
        var monitor = new DriftMonitor(Normal(0, 1000, 5), options: new() { Permutations = 0 });
        int alarms = Enumerable.Range(1, 200).Count(w => monitor.Compare(Normal(w, 100, 5)).IsDrift);
        Assert.InRange(alarms, 0, 20);                                      // α = 5 %: ten expected at most

        // The permutation test keeps its level: p-values of equal distributions are uniform.
        double[] p = [.. Enumerable.Range(300, 60).Select(w => TwoSampleTests.MaximumMeanDiscrepancy(Normal(w, 30, 2), Normal(w + 1000, 30, 2), 99, w).PValue)];
        Assert.InRange(p.Count(v => v <= 0.1), 0, 14);
        Assert.InRange(p.Average(), 0.38, 0.62);
    }

    [Theory]
    [InlineData(DriftCorrection.Bonferroni)]
    [InlineData(DriftCorrection.BenjaminiHochberg)]
    public void The_feature_that_moved_is_named(DriftCorrection correction)
    {
        var monitor = new DriftMonitor(Normal(0, 500, 4), ["a", "b", "c", "d"], new() { Correction = correction });
        DriftReport report = monitor.Compare(Normal(1, 200, 4, j => j == 2 ? 1 : 0));
        Assert.True(report.IsDrift);
        Assert.Equal(["c"], report.Drifted.Select(f => f.Name));
        Assert.True(report.Features[2].StabilityIndex > 0.25);
        Assert.Equal(1, report.Features[2].WindowMean - report.Features[2].ReferenceMean, 0.3);
        Assert.True(report.DiscrepancyPValue <= 0.05);
    }

    [Fact]
    public void A_change_of_the_whole_that_no_feature_shows_is_found()
    {
        // Correlation alone: every column keeps its distribution.
        double[,] Correlated(int stream, int rows, double correlation)
        {
            double[,] table = Normal(stream, rows, 2);
            for (int i = 0; i < rows; i++)
                table[i, 1] = correlation * table[i, 0] + Math.Sqrt(1 - correlation * correlation) * table[i, 1];
            return table;
        }

        DriftReport report = new DriftMonitor(Correlated(0, 500, 0.9)).Compare(Correlated(1, 300, -0.9));
        Assert.DoesNotContain(report.Features, f => f.IsDrift);
        Assert.True(report.IsDrift && report.DiscrepancyPValue < 0.01);
    }

    [Fact]
    public void Rows_one_by_one_and_through_a_file_are_the_same_window()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("drift.json");
        double[,] window = Normal(5, 50, 3, _ => 0.4);
        var monitor = new DriftMonitor(Normal(0, 200, 3));
        DriftReport expected = monitor.Compare(window);
        DriftReport? found = null;
        for (int i = 0; i < 50; i++)
        {
            Assert.Null(found);
            if (i % 20 == 7)
            {
                monitor.Save(path);
                monitor = DriftMonitor.Load(path);
            }

            found = monitor.Observe([window[i, 0], window[i, 1], window[i, 2]], 50);
        }

        Assert.Equal(expected.Features, found!.Features);
        Assert.Equal(expected.DiscrepancyPValue, found.DiscrepancyPValue);
        Assert.Equal(0, monitor.Waiting);
    }

    [Fact]
    public void Bad_windows_are_named()
    {
        var monitor = new DriftMonitor(Normal(0, 50, 2), ["a", "b"]);
        double[,] broken = Normal(1, 20, 2);
        broken[3, 1] = double.NaN;
        Assert.Contains("window, row 3, b", Assert.Throws<DataException>(() => monitor.Compare(broken)).Message);
        Assert.Throws<ShapeException>(() => monitor.Compare(new double[20, 3]));
        Assert.Throws<DataException>(() => monitor.Compare(new double[1, 2]));
        Assert.Throws<DataException>(() => new DriftMonitor(new double[9, 2]));
        Assert.Contains("at least 99", Assert.Throws<OptionsException>(() => new DriftMonitorOptions { Alpha = 0.01, Permutations = 50 }.Validate()).Message);
    }
}
