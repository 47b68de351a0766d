using Espalier.Errors;
using Espalier.Metrics;

namespace Espalier.Tests.Metrics;

public sealed class ProbabilityMetricTests
{
    private static readonly double[,] Rows = { { 0.7, 0.2, 0.1 }, { 0.4, 0.4, 0.2 }, { 0.1, 0.3, 0.6 }, { 0.25, 0.25, 0.5 } };
    private static readonly long[] Truth = [0, 1, 1, 2];

    private static Tensor Probabilities => torch.tensor(Rows);

    private static Tensor Labels => torch.tensor(Truth);

    [Fact]
    public void Accuracy_breaks_ties_by_class_number()
    {
        Assert.Equal(0.5, Accuracy.Of(Probabilities, Labels)); // rows 0 and 3; the tie of row 1 goes to class 0
        Assert.Equal(1, TopKAccuracy.Of(Probabilities, Labels, 2));
        Assert.Equal(1, TopKAccuracy.Of(Probabilities, Labels, 3));
        Assert.Equal(0.75, Accuracy.OfPredictions(torch.tensor(new long[] { 0, 1, 2, 2 }), Labels));
        Assert.Equal(0.5, Accuracy.Of(Probabilities.to(torch.float32), Labels.to(torch.int32)));
    }

    [Fact]
    public void Log_loss_in_nats()
    {
        double expected = -(Math.Log(0.7) + Math.Log(0.4) + Math.Log(0.3) + Math.Log(0.5)) / 4;
        Assert.Equal(expected, LogLoss.Of(Probabilities, Labels), 14);
        Assert.Equal(Math.Log(10), LogLoss.Of(torch.full([6, 10], 0.1, torch.float64), torch.zeros(6, dtype: torch.int64)), 12);
        Tensor sure = torch.tensor(new[,] { { 1.0, 0.0 } });
        Assert.Equal(-Math.Log(1e-15), LogLoss.Of(sure, torch.tensor(new long[] { 1 })), 10);
        Assert.Equal(0, LogLoss.Of(sure, torch.tensor(new long[] { 0 })));
    }

    [Fact]
    public void Brier_score_sums_over_classes()
    {
        // Rows: .09+.04+.01, .16+.36+.04, .01+.49+.36, .0625+.0625+.25.
        Assert.Equal((0.14 + 0.56 + 0.86 + 0.375) / 4, BrierScore.Of(Probabilities, Labels), 14);
        Assert.Equal(2, BrierScore.Of(torch.tensor(new[,] { { 1.0, 0.0 } }), torch.tensor(new long[] { 1 })));
    }

    [Fact]
    public void Calibration_of_four_samples_by_hand()
    {
        double[] confidences = [0.55, 0.6, 0.9, 1.0];
        bool[] correct = [true, false, true, false];
        // Ten bins: (0.5, 0.6] holds the first two, (0.8, 0.9] the third, (0.9, 1] the last.
        Assert.Equal(((2 * Math.Abs(0.5 - 0.575)) + 0.1 + 1.0) / 4, CalibrationError.Expected(confidences, correct, 10), 12);
        Assert.Equal(1, CalibrationError.Maximum(confidences, correct, 10), 12);
        // Bins of two: (0.575, 0.5) and (0.95, 0.5).
        Assert.Equal(Math.Sqrt(((0.075 * 0.075) + (0.45 * 0.45)) / 2), CalibrationError.RootMeanSquare(confidences, correct, 2), 12);
        // Fewer samples than a bin: one bin.
        Assert.Equal(Math.Abs(0.7625 - 0.5), CalibrationError.RootMeanSquare(confidences, correct), 12);
    }

    [Fact]
    public void The_last_bin_takes_the_remainder()
    {
        double[] confidences = [.. Enumerable.Range(0, 250).Select(i => i / 250.0)];
        ReliabilityDiagram diagram = ReliabilityDiagram.EqualCount(confidences, new bool[250], 100);
        Assert.Equal([100, 150], diagram.Bins.Select(b => b.Count));
        Assert.Equal([99 / 500.0, (100 + 249) / 500.0], diagram.Bins.Select(b => b.Confidence), (x, y) => Math.Abs(x - y) < 1e-12);
    }

    [Fact]
    public void A_diagram_of_tensors_takes_the_top_label()
    {
        ReliabilityDiagram diagram = ReliabilityDiagram.EqualWidth(Probabilities, Labels, 2);
        Assert.Equal(new ReliabilityBin(0, 0.5, 2, 0.45, 0.5), diagram.Bins[0]);
        Assert.Equal(2, diagram.Bins[1].Count);
        Assert.Equal(0.65, diagram.Bins[1].Confidence, 12);
        Assert.Equal(0.5, diagram.Bins[1].Accuracy);
        Assert.Equal(((2 * 0.05) + (2 * 0.15)) / 4, CalibrationError.Expected(Probabilities, Labels, 2), 12);
    }

    [Fact]
    public void Bad_tables_are_refused()
    {
        Assert.Throws<ShapeException>(() => Accuracy.Of(torch.zeros(3), Labels));
        Assert.Throws<ShapeException>(() => Accuracy.Of(Probabilities, torch.zeros(3, dtype: torch.int64)));
        Assert.Throws<OptionsException>(() => TopKAccuracy.Of(Probabilities, Labels, 4));
        Assert.Contains("row 3 is out of range", Assert.Throws<DataException>(() => LogLoss.Of(Probabilities, torch.tensor(new long[] { 0, 1, 2, 3 }))).Message, StringComparison.Ordinal);
        Assert.Contains("row 0, class 1 is NaN", Assert.Throws<DataException>(() => BrierScore.Of(torch.tensor(new[,] { { 0.5, double.NaN } }), torch.tensor(new long[] { 1 }))).Message, StringComparison.Ordinal);
        Assert.Contains("softmax", Assert.Throws<DataException>(() => LogLoss.Of(torch.tensor(new[,] { { 0.5, 0.9 } }), torch.tensor(new long[] { 1 }))).Message, StringComparison.Ordinal);
        Assert.Contains("no samples", Assert.Throws<DataException>(() => Accuracy.Of(torch.zeros(0, 3), torch.zeros(0, dtype: torch.int64))).Message, StringComparison.Ordinal);
        Assert.Contains("confidence 0", Assert.Throws<DataException>(() => CalibrationError.Expected([double.NaN], [true])).Message, StringComparison.Ordinal);
    }
}
