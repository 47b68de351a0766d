using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness.MinimumNorm;

/// <summary>FAB's iterate lies between the projections of the iterate and of the clean input (Croce and Hein 2020, equation 9): the pull to the clean input.</summary>
public sealed class FabBiasTests
{
    [Theory]
    [InlineData(0.1)]
    [InlineData(1e-6)]
    [InlineData(0.5)]
    public void A_second_step_on_a_bent_boundary_is_the_formula(double largestBias)
    {
        // Two classes, f(x) = x1 + 0.3 x0² - 1: the first step is along x1, the second starts off the first gradient's line.
        using var scope = torch.NewDisposeScope();
        var model = new Bent();
        Tensor x = torch.tensor(new[] { 0.6f, 0.2f }).view(1, 2);
        Tensor labels = model.Predict(x);
        const double Overshoot = 1.05, Backward = 0.9;
        double[] clean = [x[0, 0].ToDouble(), x[0, 1].ToDouble()];
        double[] change = [0, 0], smallest = [1e3, 1e3];
        for (int step = 0; step < 2; step++)
        {
            double[] at = [clean[0] + change[0], clean[1] + change[1]];
            double f = at[1] + (0.3 * at[0] * at[0]) - 1;
            double[] w = [0.6 * at[0], 1];
            double square = (w[0] * w[0]) + (w[1] * w[1]);
            double[] here = [-f * w[0] / square, -f * w[1] / square];
            double fromCleanValue = f - ((w[0] * change[0]) + (w[1] * change[1]));
            double[] fromClean = [-fromCleanValue * w[0] / square, -fromCleanValue * w[1] / square];
            (double a, double b) = (Math.Sqrt((here[0] * here[0]) + (here[1] * here[1])), Math.Sqrt((fromClean[0] * fromClean[0]) + (fromClean[1] * fromClean[1])));
            double share = Math.Min(a / (a + b), largestBias);
            change = [.. Enumerable.Range(0, 2).Select(i => ((1 - share) * (change[i] + (Overshoot * here[i]))) + (share * Overshoot * fromClean[i]))];
            double value = clean[1] + change[1] + (0.3 * (clean[0] + change[0]) * (clean[0] + change[0])) - 1;
            if (value < 0)
                continue;

            // From beyond the boundary the search goes some way back.
            if ((change[0] * change[0]) + (change[1] * change[1]) < (smallest[0] * smallest[0]) + (smallest[1] * smallest[1]))
                smallest = change;
            change = [Backward * change[0], Backward * change[1]];
        }

        var attack = new FastAdaptiveBoundary(new() { Norm = Norm.L2, Epsilon = double.PositiveInfinity, Steps = 2, Restarts = 1, Targets = 0, LargestBias = largestBias, Overshoot = Overshoot, BackwardStep = Backward, RefinementSteps = 0 });
        using AttackResult result = attack.Run(model, x, labels);
        Assert.True(result.Success[0]);
        Assert.Equal(clean[0] + smallest[0], result.Adversarials[0, 0].ToDouble(), 2e-5);
        Assert.Equal(clean[1] + smallest[1], result.Adversarials[0, 1].ToDouble(), 2e-5);
    }

    private sealed class Bent : IDifferentiableClassifier
    {
        public int ClassCount => 2;

        public IReadOnlyList<long> InputShape => [2];

        public InputBounds Bounds => InputBounds.Uniform(-10, 10);

        public Tensor Logits(Tensor inputs)
        {
            Tensor f = inputs.select(1, 1) + (0.3 * inputs.select(1, 0).square()) - 1;
            return torch.stack([torch.zeros_like(f), f], 1);
        }

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).softmax(1);

        public Tensor Predict(Tensor inputs) => Logits(inputs).argmax(1);
    }
}
