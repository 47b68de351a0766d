using Espalier.Anomaly.Detectors;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Tests.Anomaly;

public sealed class DetectorTests
{
    /// <summary>The inputs are the logits.</summary>
    private sealed class Identity(int classes) : IDifferentiableClassifier
    {
        public int ClassCount => classes;

        public IReadOnlyList<long> InputShape => [classes];

        public InputBounds Bounds => InputBounds.Unbounded;

        public Tensor Logits(Tensor inputs) => inputs.alias();

        public Tensor Probabilities(Tensor inputs) => inputs.softmax(1);

        public Tensor Predict(Tensor inputs) => inputs.argmax(1);
    }

    private static double[] Score(IAnomalyDetector detector, Tensor logits) => detector.Score(logits).data<double>().ToArray();

    [Fact]
    public void The_formulas_give_what_a_hand_computes()
    {
        using var scope = torch.NewDisposeScope();
        var model = new Identity(2);
        float ln3 = (float)Math.Log(3);
        Tensor logits = torch.tensor(new[] { 0f, 0f, ln3, 0f }).view(2, 2);      // p = (1/2, 1/2), (3/4, 1/4)
        void Is(IAnomalyDetector detector, double first, double second)
        {
            double[] scores = Score(detector, logits);
            Assert.Equal(first, scores[0], 1e-7);
            Assert.Equal(second, scores[1], 1e-7);
        }

        Is(Detector.Create("msp", model), -0.5, -0.75);
        Is(Detector.Create("max-logit", model), 0, -Math.Log(3));
        Is(Detector.Create("energy", model), -Math.Log(2), -Math.Log(4));
        Is(Detector.Create("energy:T=2", model), -2 * Math.Log(2), -2 * Math.Log(1 + Math.Sqrt(3)));
        Is(Detector.Create("entropy", model), Math.Log(2), Math.Log(4) - 0.75 * Math.Log(3));
        Is(Detector.Create("uniform-ce", model), -Math.Log(2), Math.Log(3) / 2 - Math.Log(4));
    }

    [Fact]
    public void Probabilities_are_enough_for_the_baseline()
    {
        using var scope = torch.NewDisposeScope();
        var model = new DelegateClassifier([2], 2, inputs => inputs.softmax(1), InputBounds.Unbounded);
        Assert.Equal(-0.5, Score(Detector.Create("msp", model), torch.zeros(1, 2))[0], 1e-7);
    }

    [Fact]
    public void Sure_predictions_do_not_tie()
    {
        // In float32 both probabilities are exactly 1.
        using var scope = torch.NewDisposeScope();
        double[] scores = Score(Detector.Create("msp", new Identity(2)), torch.tensor(new[] { 20f, 0f, 22f, 0f }).view(2, 2));
        Assert.True(scores[0] > scores[1]);
    }

    [Fact]
    public void Batches_do_not_matter_and_leave_nothing_behind()
    {
        using var scope = torch.NewDisposeScope();
        Tensor logits = torch.randn(10, 4);
        Assert.Equal(Score(new Detector(new Energy(), new Identity(4)), logits), Score(new Detector(new Energy(), new Identity(4)) { BatchSize = 3 }, logits));
        DisposeScopeManager.Statistics.Reset();
        using (Tensor scores = new Detector(new Energy(), new Identity(4)) { BatchSize = 3 }.Score(logits))
            Assert.False(scores.requires_grad);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void A_NaN_is_named()
    {
        using var scope = torch.NewDisposeScope();
        Tensor logits = torch.zeros(5, 2);
        logits[3, 1] = float.NaN;
        Assert.Contains("row 3", Assert.Throws<DataException>(() => Detector.Create("energy", new Identity(2)).Score(logits)).Message, StringComparison.Ordinal);
    }
}
