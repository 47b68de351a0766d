using Espalier.Anomaly.Persistence;
using Espalier.Anomaly.Tabular;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Metrics;
using Espalier.Randomness;
using Espalier.Tests.Data;

namespace Espalier.Tests.Anomaly;

public sealed class TabularDetectorTests
{
    public static TheoryData<string> Names => [.. TabularDetector.Names];

    private static double[] FitScoreSampled(TabularDetector detector)
    {
        double[] scores = detector.FitScore(ReferenceTable.Rows);
        return [.. ReferenceTable.Sampled.Select(i => scores[i])];
    }

    private static double[] FitScoreQueries(TabularDetector detector)
    {
        detector.Fit(ReferenceTable.Rows);
        return detector.Score(ReferenceTable.Queries);
    }

    private static void Close(double[] expected, double[] actual, double relative = 1e-10)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], relative * Math.Max(1, Math.Abs(expected[i])));
    }

    [Fact]
    public void Neighbour_distances_are_scikit_learns()
    {
        var detector = new KNearestNeighbours(new() { Standardize = false });
        Close([0.731074474428, 0.683592448852, 0.713870264929, 1.56557407175, 6.14508813253], FitScoreSampled(detector));
        Close([0.576562970948, 1.8347319591, 2.33368419731], detector.Score(ReferenceTable.Queries));
    }

    [Fact]
    public void Local_outlier_factors_are_scikit_learns()
    {
        var detector = new LocalOutlierFactor(new() { Standardize = false, Neighbours = 10 });
        Close([1.01752777307, 0.969714377349, 1.01734529706, 1.75167567036, 6.02320865261], FitScoreSampled(detector));
        Close([0.957220373419, 1.94858276669, 2.29002394519], detector.Score(ReferenceTable.Queries));
    }

    [Fact]
    public void Tail_probabilities_are_those_of_the_papers()
    {
        Close([4.35914234084, 4.05825374208, 5.95331278114, 5.51454047502, 16.3773782489], FitScoreSampled(new Ecod()));
        Close([4.17682078405, 3.79436615104, 4.1604651722, 5.4489255272, 16.3773782489], FitScoreSampled(new Copod()));
    }

    [Fact]
    public void Histograms_are_NumPys()
    {
        var detector = new Hbos();
        Close([1.75875731765, 1.68068345048, 2.8288909145, 4.80279470497, 11.3423243266], FitScoreSampled(detector));
        Close([1.68068345048, 8.95989209564, 7.1246781875], detector.Score(ReferenceTable.Queries));
    }

    [Fact]
    public void Principal_components_are_scikit_learns()
    {
        Close([1.13474504734, 1.58653041892, 3.23846655661, 18.7648116912, 45.708755835], FitScoreSampled(new PcaDetector()));
        Close([32.7640183686, 37.0905025708, 36.7848174018, 68.880899956, 262.205344114], FitScoreSampled(new PcaDetector(new() { Score = PcaScore.Compat })));

        // All components leave nothing to reconstruct; none but the first leave what the others hold.
        Assert.All(FitScoreSampled(new PcaDetector(new() { Score = PcaScore.Reconstruction, Components = 4 })), s => Assert.Equal(0, s, 1e-12));
        Assert.All(FitScoreSampled(new PcaDetector(new() { Score = PcaScore.Reconstruction, Components = 1 })), s => Assert.True(s > 1e-3));
    }

    [Fact]
    public void The_support_vector_border_is_LIBSVMs()
    {
        var detector = new OneClassSvm(new() { Nu = 0.3, Gamma = 0.5, Tolerance = 1e-10, Standardize = false });
        Close([-0.862937158292, -0.666651670788, -0.356914279137, 1.80915996741, 3.04589834799], FitScoreSampled(detector), 1e-7);
        Close([-0.897267383698, 3.22823856279, 3.7013936045], detector.Score(ReferenceTable.Queries), 1e-7);
    }

    [Fact]
    public void One_Gaussian_has_its_closed_form() =>
        Close([3.21167117586, 9.32289118492, 20.4614713171], FitScoreQueries(new GaussianMixture()));

    [Fact]
    public void Two_separate_Gaussians_are_found()
    {
        // Halves at ±10: each component is the moments of its half, so the density of a point between them is known.
        double[,] rows = new double[200, 1];
        double[] half = [.. Enumerable.Range(0, 100).Select(i => Math.Sin(i * 1.7))];
        for (int i = 0; i < 200; i++)
            rows[i, 0] = half[i % 100] + (i < 100 ? -10 : 10);
        var detector = new GaussianMixture(new() { Components = 2, Ridge = 1e-9 });
        detector.Fit(rows);
        double mean = half.Average();
        double variance = half.Average(v => (v - mean) * (v - mean));
        double deviation = Math.Sqrt(variance + 100);
        double Density(double x, double centre) => Math.Exp(-0.5 * (x - centre) * (x - centre) / variance) / Math.Sqrt(2 * Math.PI * variance);
        double expected = -Math.Log(0.5 * deviation * (Density(-8, mean - 10) + Density(-8, mean + 10)));
        Assert.Equal(expected, detector.Score(new double[,] { { -8 } })[0], 1e-4);
    }

    [Fact]
    public void The_classical_covariance_is_scikit_learns_and_the_robust_one_resists()
    {
        Close([0.087551682786, 12.3100061379, 34.5872465592], FitScoreQueries(new RobustCovariance(new() { Support = 1 })));

        // The least determinant over 3,000 starts in NumPy, reweighted as MinCovDet does (whose own 30 starts stop at a larger one).
        Close([27.5912439853, 340.301065506, 369.529841421], FitScoreQueries(new RobustCovariance()), 1e-9);

        // Two fifths of the rows far away: the distances of the others stay near what they are without them.
        double[,] rows = new double[500, 2];
        var random = new SplitMix64(3, 1);
        for (int i = 0; i < 500; i++)
        {
            for (int j = 0; j < 2; j++)
                rows[i, j] = random.NextNormal() + (i >= 300 ? 50 : 0);
        }

        var robust = new RobustCovariance();
        double[] scores = robust.FitScore(rows);
        Assert.True(scores.Skip(300).Min() > 500);
        Assert.InRange(scores.Take(300).Average(), 1.5, 2.6);               // χ² of 2 degrees has the mean 2
    }

    [Fact]
    public void An_isolation_forest_has_its_closed_forms()
    {
        Assert.Equal(10.244770920116851, IsolationForest.MeanDepth(256), 1e-8);

        // Four equal rows and one other: one cut parts them in every tree.
        double[,] rows = { { 0 }, { 0 }, { 10 }, { 0 }, { 0 } };
        double[] scores = new IsolationForest(new() { Trees = 10 }).FitScore(rows);
        Assert.Equal(Math.Pow(2, -1 / IsolationForest.MeanDepth(5)), scores[2], 1e-12);
        Assert.Equal(Math.Pow(2, -(1 + IsolationForest.MeanDepth(4)) / IsolationForest.MeanDepth(5)), scores[0], 1e-12);

        // Rows 0, 1, 3: the first cut falls between 0 and 1 in a third of the trees; mean depths 5/3, 2, 4/3.
        double[] depths = [.. new IsolationForest(new() { Trees = 20_000 }).FitScore(new double[,] { { 0 }, { 1 }, { 3 } }).Select(s => -Math.Log2(s) * IsolationForest.MeanDepth(3))];
        Assert.Equal(5.0 / 3, depths[0], 0.014);                            // four standard errors
        Assert.Equal(2, depths[1], 1e-12);
        Assert.Equal(4.0 / 3, depths[2], 0.014);
    }

    [Fact]
    public void An_oblique_forest_sees_what_no_single_column_shows()
    {
        // Points on a diagonal line and one beside it whose columns are both ordinary.
        double[,] rows = new double[201, 2];
        for (int i = 0; i < 200; i++)
            (rows[i, 0], rows[i, 1]) = (i / 200.0, i / 200.0 + 0.01 * Math.Sin(i));
        (rows[200, 0], rows[200, 1]) = (0.3, 0.7);
        double[] scores = new IsolationForest(new() { Oblique = true, Trees = 200 }).FitScore(rows);
        Assert.True(scores[200] > scores.Take(200).Max());
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(3, 1e6)]
    [InlineData(17, 0)]
    public void The_neighbour_search_is_exact(int width, double offset)
    {
        // Against all distances in double precision, with duplicates, and far from the origin, where single precision is blind.
        var random = new SplitMix64(5, width);
        double[,] rows = new double[777, width];
        for (int i = 0; i < 777; i++)
        {
            for (int j = 0; j < width; j++)
                rows[i, j] = i % 5 == 4 ? rows[i - 1, j] : offset + random.NextNormal();
        }

        TabularRows table = TabularRows.Of(rows);
        (double[] distances, int[] indices) = new NeighbourSearch(table).Find(table, 7, excludeSelf: true);
        for (int q = 0; q < 777; q++)
        {
            var expected = Enumerable.Range(0, 777).Where(i => i != q)
                .Select(i => (Index: i, Squared: Enumerable.Range(0, width).Aggregate(0.0, (sum, j) => sum + (rows[q, j] - rows[i, j]) * (rows[q, j] - rows[i, j]))))
                .OrderBy(p => p.Squared).ThenBy(p => p.Index).Take(7).ToArray();
            Assert.Equal(expected.Select(p => p.Index), indices[(q * 7)..(q * 7 + 7)]);
            Assert.Equal(expected.Select(p => Math.Sqrt(p.Squared)), distances[(q * 7)..(q * 7 + 7)]);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_odd_row_scores_highest_and_the_state_gives_the_same_bits(string name)
    {
        TabularDetector detector = TabularDetector.Create(name);
        double[] scores = detector.FitScore(ReferenceTable.Rows);
        Assert.True(Array.IndexOf(scores, scores.Max()) >= ReferenceTable.Count - 2);
        double[] queries = detector.Score(ReferenceTable.Queries);

        TabularDetector copy = TabularDetectorText.Create(name, TabularDetectorText.ToJson(detector.OptionsForFile));
        copy.Load(detector.Save(), detector.ColumnNames);
        Assert.Equal(queries, copy.Score(ReferenceTable.Queries));

        // The same seed, the same numbers; tensors and arrays alike.
        TabularDetector again = TabularDetector.Create(name);
        again.Fit(torch.tensor(ReferenceTable.Rows));
        using Tensor fromTensor = again.Score(torch.tensor(ReferenceTable.Queries));
        Assert.Equal(queries, fromTensor.data<double>().ToArray());
        foreach (TabularDetector each in new[] { detector, copy, again })
            (each as IDisposable)?.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_constant_column_contributes_nothing(string name)
    {
        // The constant lies between the varying columns, and a new row may differ there.
        double[,] rows = new double[ReferenceTable.Count, 5];
        for (int i = 0; i < ReferenceTable.Count; i++)
        {
            for (int j = 0; j < 5; j++)
                rows[i, j] = j == 2 ? 7 : ReferenceTable.Rows[i, j < 2 ? j : j - 1];
        }

        TabularDetector with = TabularDetector.Create(name);
        TabularDetector without = TabularDetector.Create(name);
        with.Fit(rows);
        without.Fit(ReferenceTable.Rows);
        Assert.Equal([2], with.ConstantColumns);
        Assert.Equal(without.Score(new double[,] { { 0.5, 1, 2, 0.7 } }), with.Score(new double[,] { { 0.5, 1, -3, 2, 0.7 } }));
        (with as IDisposable)?.Dispose();
        (without as IDisposable)?.Dispose();
    }

    [Fact]
    public void Soft_boundary_and_plain_spheres_differ()
    {
        using var plain = new DeepSvdd(new() { Epochs = 5 });
        using var soft = new DeepSvdd(new() { Epochs = 5, SoftBoundary = true });
        Assert.NotEqual(FitScoreQueries(plain), FitScoreQueries(soft));
    }

    [Fact]
    public void Bad_rows_are_named()
    {
        var detector = new Ecod();
        Assert.Contains("not fitted", Assert.Throws<OptionsException>(() => detector.Score(ReferenceTable.Queries)).Message);
        double[,] broken = (double[,])ReferenceTable.Rows.Clone();
        broken[7, 2] = double.NaN;
        string message = Assert.Throws<DataException>(() => detector.Fit(broken, ["age", "income", "height", "weight"])).Message;
        Assert.Contains("row 7, height", message);
        Assert.Contains("NaN", message);
        broken[7, 2] = double.PositiveInfinity;
        Assert.Contains("infinite", Assert.Throws<DataException>(() => detector.Fit(broken)).Message);
        detector.Fit(ReferenceTable.Rows);
        Assert.Contains("[rows, 4]", Assert.Throws<ShapeException>(() => detector.Score(new double[2, 3])).Message);
        Assert.Throws<ShapeException>(() => detector.Score(torch.zeros(4)));
        Assert.Contains("do not vary", Assert.Throws<DataException>(() => detector.Fit(new double[5, 2])).Message);
        Assert.Throws<DataException>(() => detector.Fit(new double[1, 2]));
        Assert.Contains("60 rows", Assert.Throws<OptionsException>(() => new KNearestNeighbours(new() { Neighbours = 60 }).Fit(ReferenceTable.Rows)).Message);
        Assert.Throws<OptionsException>(() => new LocalOutlierFactor(new() { Neighbours = 60 }).Fit(ReferenceTable.Rows));
        Assert.Throws<OptionsException>(() => new PcaDetector(new() { Components = 5 }).Fit(ReferenceTable.Rows));
        Assert.Throws<OptionsException>(() => new RobustCovariance().Fit(new double[,] { { 1, 2 }, { 2, 1 }, { 3, 3 } }));
    }

    [Fact]
    public void Names_and_options_come_as_text()
    {
        var forest = (IsolationForest)TabularDetector.Create("isolation-forest:trees=7,sample-size=16,oblique=true");
        Assert.Equal(new IsolationForestOptions { Trees = 7, SampleSize = 16, Oblique = true }, forest.OptionsForFile);
        Assert.Equal(new PcaDetectorOptions { Score = PcaScore.ChiSquare }, TabularDetector.Create("pca:score=chi-square").OptionsForFile);
        Assert.Contains("'isolation-forest'", Assert.Throws<NotFoundException>(() => TabularDetector.Create("isolation-forrest")).Message);
        Assert.Contains("'trees'", Assert.Throws<NotFoundException>(() => TabularDetector.Create("isolation-forest:tree=3")).Message);
        Assert.Contains("trees", Assert.Throws<OptionsException>(() => TabularDetector.Create("isolation-forest:trees=many")).Message);
        Assert.Contains("trees", Assert.Throws<OptionsException>(() => TabularDetector.Create("isolation-forest:trees")).Message);
        Assert.Throws<OptionsException>(() => TabularDetector.Create("isolation-forest:trees=0"));
    }

    [Fact]
    public void Trees_that_would_lead_outside_their_arrays_are_refused()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("forest.zip");
        TabularDetector forest = TabularDetector.Create("isolation-forest:trees=5");
        forest.Fit(ReferenceTable.Rows);
        forest.Save(path);
        DetectorArchive good = DetectorArchive.Read(path);
        int[] features = new int[(int)good.Arrays["feature"].Shape.Aggregate(1L, (a, b) => a * b)];
        features[3] = 1_000_000;
        foreach ((string name, NpyArray array) in new[] { ("feature", NpyArray.Of(features, [.. good.Arrays["feature"].Shape])), ("path", NpyArray.Of(new double[3], [3])) })
        {
            new DetectorArchive { Kind = good.Kind, Detector = good.Detector, Options = good.Options, Calibration = good.Calibration, Arrays = new Dictionary<string, NpyArray>(good.Arrays) { [name] = array } }.Write(path);
            Assert.Contains($"array '{name}'", Assert.Throws<CheckpointException>(() => TabularDetector.Load(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_nearest_training_rows_explain_a_score()
    {
        var detector = new Ecod();
        detector.Fit(ReferenceTable.Rows);
        double[] row = [.. Enumerable.Range(0, 4).Select(j => ReferenceTable.Rows[11, j])];
        IReadOnlyList<TrainingRow> nearest = detector.Nearest(row);
        Assert.Equal(3, nearest.Count);
        Assert.Equal(11, nearest[0].Number);
        Assert.Equal(0, nearest[0].Distance);
        Assert.Equal(row, nearest[0].Values);
        Assert.True(nearest[1].Distance > 0 && nearest[1].Distance <= nearest[2].Distance);
    }

    /// <summary>AUROC in percent of ECOD, kNN, LOF and PyOD's PCA on four sets of ADBench, columns standardised, fitted and scored on all rows (PyOD 3.6.5).</summary>
    [Theory]
    [InlineData("6_cardio", 93.5, 71.3, 54.7, 95.0)]
    [InlineData("38_thyroid", 97.7, 96.0, 67.4, 95.5)]
    [InlineData("20_letter", 57.2, 89.3, 89.8, 52.3)]
    [InlineData("18_Ionosphere", 72.8, 92.7, 86.8, 78.3)]
    public void Published_areas_are_met(string set, double ecod, double knn, double lof, double pca)
    {
        Assert.SkipUnless(DataFolders.FromEnvironment().Local is not null, "set ESPALIER_DATA to the folder of the local data sets");
        NpzFile file = NpzFile.Open(Path.Combine(DataFolders.FromEnvironment().Local!, "adbench-tabular", set + ".npz"));
        using var scope = torch.NewDisposeScope();
        double[,] rows = Matrix(file.Load("X").ToTensor().to(torch.float64));
        bool[] positives = [.. file.Load("y").ToTensor().to(torch.int64).data<long>().Select(y => y == 1)];
        double Area(string detector) => 100 * Auroc.Of(TabularDetector.Create(detector).FitScore(rows), positives);
        Assert.Equal(ecod, Area("ecod"), 0.1);
        Assert.Equal(knn, Area("knn"), 0.1);
        Assert.Equal(lof, Area("lof"), 0.1);
        Assert.Equal(pca, Area("pca:score=compat"), 0.1);
    }

    private static double[,] Matrix(Tensor table)
    {
        double[,] rows = new double[table.shape[0], table.shape[1]];
        double[] values = table.contiguous().data<double>().ToArray();
        Buffer.BlockCopy(values, 0, rows, 0, values.Length * sizeof(double));
        return rows;
    }
}
