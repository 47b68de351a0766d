using Espalier.Anomaly.Evaluation;
using Espalier.Errors;
using Espalier.Metrics;
using Espalier.Models;

namespace Espalier.Tests.Anomaly;

public sealed class OodBenchmarkTests
{
    /// <summary>The inputs are the logits.</summary>
    private sealed class Identity : IDifferentiableClassifier
    {
        public int ClassCount => 3;

        public IReadOnlyList<long> InputShape => [3];

        public InputBounds Bounds => InputBounds.Unbounded;

        public Tensor Logits(Tensor inputs) => inputs.alias();

        public Tensor Probabilities(Tensor inputs) => inputs.softmax(1);

        public Tensor Predict(Tensor inputs) => inputs.argmax(1);
    }

    private static Tensor Random(int count, int seed, double scale)
    {
        using var generator = new torch.Generator((ulong)seed);
        return torch.randn([count, 3], generator: generator) * scale;
    }

    private static OodBenchmarkData Data() => new(Random(90, 1, 4), Random(90, 1, 4).argmax(1), Random(60, 2, 4), Random(60, 2, 4).argmax(1), Random(200, 3, 4), Labels());

    // A tenth of the test labels are wrong.
    private static Tensor Labels()
    {
        Tensor labels = Random(200, 3, 4).argmax(1);
        for (int i = 0; i < 200; i += 10)
            labels[i] = (labels[i].ToInt64() + 1) % 3;
        return labels;
    }

    private static double[] Msp(Tensor logits) => [.. (-logits.to(torch.float64).softmax(1).amax([1])).data<double>()];

    private static OodBenchmarkRow Row(OodBenchmarkResult result, string detector, string set) => result.Rows.Single(r => r.Detector == detector && r.Set == set);

    [Fact]
    public void Each_cell_is_the_protocol_on_its_scores()
    {
        using var scope = torch.NewDisposeScope();
        OodBenchmarkData data = Data();
        Tensor near = Random(150, 4, 1), validation = Random(150, 5, 0.5);
        var options = new OodBenchmarkOptions { Detectors = ["msp", "energy", "klm"], Protocol = new() { Draws = 4, Seed = 9 } };
        OodBenchmarkResult result = new OodBenchmark(options).Run(new Identity(), data, [new("near", near, OutlierGroup.Near), new("val", validation, OutlierGroup.Validation)]);

        // Reported sets against the test, validation sets against the held-out samples.
        var protocol = new DetectionProtocol(options.Protocol);
        Assert.Equal(protocol.Measure(Msp(data.TestInputs), Msp(near)).Mean, Row(result, "msp:T=1", "near").Result.Mean);
        Assert.Equal(protocol.Measure(Msp(data.HeldOutInputs), Msp(validation)).Mean, Row(result, "msp:T=1", "val").Result.Mean);
        Assert.Equal((40, 4), (Row(result, "msp:T=1", "near").Result.OutliersPerDraw, Row(result, "msp:T=1", "near").Result.Draws));
        Assert.Equal(0.9, result.Accuracy, 1e-12);

        // The recommendation rests on the validation set alone.
        Assert.Equal(3, result.Ranking.Count);
        Assert.Equal(result.Rows.Where(r => r.Set == "val").MaxBy(r => r.Result.Auroc)!.Detector, result.Recommend());
        Assert.Equal(Row(result, "klm", "near").Result.Mean, result.Mean("klm"));
        Assert.Equal(result.Mean("klm").Auroc, result.MinimumAuroc("klm", OutlierGroup.Near));
        Assert.Throws<NotFoundException>(() => result.Mean("klm", OutlierGroup.Far));
    }

    [Fact]
    public void Better_reported_numbers_do_not_change_the_recommendation()
    {
        using var scope = torch.NewDisposeScope();
        OodBenchmarkData data = Data();

        // Large equal logits: energy calls them usual, MSP unusual; small ones the other way about.
        Tensor large = torch.full(80, 3, 50f) + Random(80, 6, 0.1), small = Random(80, 7, 0.1) - 20;
        var benchmark = new OodBenchmark(new() { Detectors = ["msp", "energy"] });
        string? One(OutlierGroup first, OutlierGroup second) => benchmark.Run(new Identity(), data, [new("large", large, first), new("small", small, second)]).Recommend();
        Assert.Equal("msp:T=1", One(OutlierGroup.Validation, OutlierGroup.Far));
        Assert.Null(One(OutlierGroup.Far, OutlierGroup.Near));
    }

    [Fact]
    public void Mistakes_and_calibration_stand_beside()
    {
        using var scope = torch.NewDisposeScope();
        OodBenchmarkData data = Data();
        Tensor far = Random(40, 8, 1);
        OodBenchmarkResult result = new OodBenchmark(new() { Detectors = ["msp"] }).Run(new Identity(), data, [new("far", far, OutlierGroup.Far)]);
        double[] scores = Msp(data.TestInputs);
        bool[] right = [.. Enumerable.Range(0, 200).Select(i => i % 10 != 0)];
        Assert.Equal(Auroc.Of([.. scores.Where((_, i) => !right[i])], [.. scores.Where((_, i) => right[i])]), result.Errors[0].Metrics!.Auroc, 1e-12);
        Assert.Equal(SelectiveAccuracy.RiskCoverage([.. scores.Select(s => -s)], right), result.Errors[0].RiskCoverage, 1e-12);

        // Forty of forty outliers are one draw.
        CalibrationRow plain = result.Calibration[0];
        double[] confidences = [.. scores.Select(s => -s), .. Msp(far).Select(s => -s)];
        Assert.Equal(CalibrationError.RootMeanSquare(confidences, [.. right, .. new bool[40]]), plain.RootMeanSquare, 1e-12);
        Assert.Equal(SoftF1.Of(confidences, [.. right, .. new bool[40]]), plain.SoftF1, 1e-12);
        Assert.Equal(LogLoss.Of(data.TestInputs.softmax(1), data.TestLabels), plain.LogLoss, 1e-5);
        Assert.Equal(["softmax", "temperature", "temperature, rescaled"], result.Calibration.Select(c => c.Confidence));

        // Held-out labels are the predictions: the sharpest temperature is the likeliest.
        Assert.Equal(0.05, result.Temperature);
        Assert.True(double.IsNaN(result.Calibration[2].LogLoss));
    }

    [Fact]
    public void What_does_not_suit_the_model_is_left_out_or_refused()
    {
        using var scope = torch.NewDisposeScope();
        OodBenchmarkData data = Data();
        OutlierSet far = new("far", Random(50, 9, 1), OutlierGroup.Far);
        OodBenchmarkResult all = new OodBenchmark().Run(new Identity(), data, [far]);
        Assert.Equal(["msp:T=1", "max-logit", "energy:T=1", "entropy", "uniform-ce", "gen:gamma=0.1,m=100", "klm", "odin:T=1000,eps=0.0014", "openmax:tail=20,alpha=3"], all.Detectors);
        Assert.Contains(all.Skipped, s => s.Detector == "knn" && s.Reason.Contains("features", StringComparison.Ordinal));
        Assert.Throws<OptionsException>(() => new OodBenchmark(new() { Detectors = ["knn"] }).Run(new Identity(), data, [far]));
        Assert.Throws<OptionsException>(() => new OodBenchmark(new() { Detectors = ["msp", "msp:T=1"] }).Run(new Identity(), data, [far]));
        Assert.Throws<NotFoundException>(() => new OodBenchmark(new() { Detectors = ["enrgy"] }));
        Assert.Throws<OptionsException>(() => new OodBenchmark(new() { Detectors = [] }));
    }

    [Fact]
    public void Sets_that_cannot_be_judged_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        OodBenchmarkData data = Data();
        var benchmark = new OodBenchmark(new() { Detectors = ["msp"] });
        Assert.Throws<OptionsException>(() => benchmark.Run(new Identity(), data, []));
        Assert.Throws<OptionsException>(() => benchmark.Run(new Identity(), data, [new("a", Random(5, 1, 1), OutlierGroup.Near), new("a", Random(5, 2, 1), OutlierGroup.Far)]));
        Assert.Contains("empty", Assert.Throws<DataException>(() => benchmark.Run(new Identity(), data, [new("empty", torch.zeros(0, 3), OutlierGroup.Far)])).Message, StringComparison.Ordinal);
        Tensor overlapping = torch.cat([Random(5, 1, 1), data.TestInputs.narrow(0, 7, 1)]);
        Assert.Contains("row 5", Assert.Throws<DataException>(() => benchmark.Run(new Identity(), data, [new("overlap", overlapping, OutlierGroup.Near)])).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => benchmark.Run(new Identity(), data with { HeldOutInputs = torch.zeros(0, 3), HeldOutLabels = torch.zeros(0, dtype: torch.int64) }, [new("far", Random(5, 1, 1), OutlierGroup.Far)]));
    }
}
