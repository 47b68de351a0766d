using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.BlackBox;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Attacks.MinimumNorm;
using Espalier.Robustness.Regions;

namespace Espalier.Tests.Robustness;

/// <summary>Where attacks look, step by step, on models on which their papers' formulas say it.</summary>
public sealed class IterateTests
{
    private static readonly InputBounds s_wide = InputBounds.Uniform(-1000, 1000);

    /// <summary>Inside the ball an L1 step moves by its length: after enough checks without a sparser best, a tenth of the radius.</summary>
    [Fact]
    public void Steps_of_auto_pgd_in_L1_fall_to_a_tenth_of_the_radius()
    {
        using var scope = torch.NewDisposeScope();
        Tensor peak = torch.tensor(new[] { 0.05f, -0.07f, 0.06f, -0.04f });
        var model = new Recorded(4, s_wide, x => -1 - 10 * (x - peak).pow(2).sum([1]));
        using AttackResult _ = new AutoPgd(new() { Norm = Norm.L1, Epsilon = 1, Steps = 100 }).Run(model, torch.zeros(1, 4), torch.zeros(1, dtype: torch.int64));
        Tensor[] last = [.. model.Seen.TakeLast(6)];
        for (int i = 1; i < last.Length; i++)
            Assert.Equal(0.1, (last[i] - last[i - 1]).abs().sum().ToDouble(), 1e-5);
    }

    /// <summary>Of a direction that turns by a right angle, the new component is the step over the old length: the cosine from 1 to 0.01.</summary>
    [Fact]
    public void Steps_of_DDN_fall_along_a_cosine()
    {
        using var scope = torch.NewDisposeScope();
        const int Steps = 20;
        int call = 0;
        // Looks: the clean input, then one for each step.
        var model = new Recorded(2, s_wide, x => x.select(1, call++ < Steps - 1 ? 0 : 1) - 8);
        var options = new DecoupledDirectionNormOptions { Norm = Norm.L2, Epsilon = double.PositiveInfinity, Steps = Steps };
        using AttackResult _ = new DecoupledDirectionNorm(options).Run(model, torch.zeros(1, 2), torch.zeros(1, dtype: torch.int64));
        double step = 0.01 + (0.99 * (1 + Math.Cos(Math.PI * (Steps - 2) / Steps)) / 2);
        double length = options.InitialNorm * Math.Pow(1 + options.Gamma, Steps - 2);
        float[] change = model.Seen[Steps].flatten().data<float>().ToArray();
        Assert.Equal(step / length, change[1] / change[0], 1e-4);
    }

    /// <summary>A slope that is flatter than the values make the first radius far too large; from the first success on it is what is known.</summary>
    [Fact]
    public void FMN_goes_no_further_than_what_it_knows_while_the_model_is_fooled()
    {
        using var scope = torch.NewDisposeScope();
        var model = new Recorded(1, s_wide, x => x.select(1, 0).detach() * 0.999 + x.select(1, 0) * 0.001 - 0.5);
        using AttackResult _ = new FastMinimumNorm(new() { Norm = Norm.L2, Epsilon = double.PositiveInfinity, StopWhenFooled = false, Steps = 30 })
            .Run(model, torch.zeros(1, 1), torch.zeros(1, dtype: torch.int64));
        double[] looks = [.. model.Seen.Skip(1).Select(x => x.ToDouble())];
        int first = Array.FindIndex(looks, x => x > 0.5);
        Assert.InRange(first, 1, 5);
        double known = looks[first];
        for (int i = first + 1; i < looks.Length; i++)
        {
            if (looks[i - 1] > 0.5)
                Assert.InRange(looks[i], 0, known + 1e-5);
            known = looks[i] > 0.5 ? Math.Min(known, looks[i]) : known;
        }
    }

    /// <summary>The jump from a plane along its normal is the distance over the root of the iteration's number (section IV-C of the paper).</summary>
    [Fact]
    public void Jumps_of_hop_skip_jump_shrink_with_the_root_of_the_iterations()
    {
        using var scope = torch.NewDisposeScope();
        const double Distance = 0.4;
        var model = new Recorded(2, s_wide, x => x.select(1, 0) - Distance);
        var attack = new HopSkipJump(new() { Norm = Norm.L2, Epsilon = double.PositiveInfinity, Iterations = 7, Queries = 100_000, Probes = 4000, StopWhenFooled = false }, torch.tensor(new[] { 3f, 0.5f }).view(1, 2));
        using AttackResult result = attack.Run(new LabelsOnly(model), torch.zeros(1, 2), torch.zeros(1, dtype: torch.int64));
        // Probes are asked many at a time; between them, one by one, a jump and the bisections back toward the clean input.
        var windows = new List<List<Tensor>> { new() };
        foreach ((Tensor seen, Tensor after) in model.Seen.Skip(1).Zip(model.Seen.Skip(2).Append(model.Seen[^1])))
        {
            if (seen.shape[0] == 1)
                windows[^1].Add(seen);
            else if (after.shape[0] == 1)
                windows.Add([]);
        }

        Assert.Equal(8, windows.Count);
        for (int i = 0; i < 7; i++)
        {
            Tensor x = windows[i].Where(q => q[0, 0].ToDouble() > Distance).MinBy(q => q.norm().ToDouble())!;
            Assert.Equal(x.norm().ToDouble() / Math.Sqrt(i + 1), (windows[i + 1][0] - x).norm().ToDouble(), 1e-3);
        }
    }

    /// <summary>No change that is left is smaller than the threshold, which rises at each fooling iterate and falls at each other (algorithm 1 of the paper).</summary>
    [Fact]
    public void Changes_of_sigma_zero_are_none_or_above_the_threshold()
    {
        using var scope = torch.NewDisposeScope();
        const int Steps = 60;
        Tensor w = torch.linspace(0.2, 1, 12);
        var model = new Recorded(12, InputBounds.Unit, x => (x - 0.5).matmul(w) - 0.6);
        var options = new SigmaZeroOptions { Epsilon = double.PositiveInfinity, Steps = Steps, StopWhenFooled = false };
        using AttackResult _ = new SigmaZero(options).Run(model, torch.full([1, 12], 0.5f), torch.zeros(1, dtype: torch.int64));
        double threshold = options.Threshold;
        int left = 0;
        for (int step = 0; step < Steps - 1; step++)
        {
            double length = options.StepSize * (0.1 + (0.9 * (1 + Math.Cos(Math.PI * step / Steps)) / 2));
            bool isFooled = ((model.Seen[step + 1] - 0.5).matmul(w) - 0.6).ToDouble() > 0;
            threshold = Math.Clamp(threshold + (isFooled ? options.ThresholdStep * length : -options.ThresholdStep * length), 0, 1);
            double[] changes = [.. (model.Seen[step + 2] - 0.5).abs().flatten().data<float>().ToArray().Select(v => (double)v).Where(v => v > 0)];
            Assert.All(changes, v => Assert.True(v >= threshold - 1e-5, $"step {step}: {v} below {threshold}"));
            left += changes.Length;
        }

        Assert.InRange(left, Steps, 12 * Steps);
    }

    /// <summary>Logits (0, f(x)), and every batch that it has been asked for.</summary>
    private sealed class Recorded(int features, InputBounds bounds, Func<Tensor, Tensor> f) : IDifferentiableClassifier
    {
        public List<Tensor> Seen { get; } = [];

        public int ClassCount => 2;

        public IReadOnlyList<long> InputShape => [features];

        public InputBounds Bounds => bounds;

        public Tensor Logits(Tensor inputs)
        {
            Seen.Add(inputs.detach().clone().DetachFromDisposeScope());
            Tensor margin = f(inputs);
            return torch.stack([torch.zeros_like(margin), margin], 1);
        }

        public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().softmax(1);

        public Tensor Predict(Tensor inputs) => Logits(inputs).detach().argmax(1);
    }
}
