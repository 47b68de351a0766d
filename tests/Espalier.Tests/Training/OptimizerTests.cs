using Espalier.Training.Loop;
using Espalier.Training.Optimizers;

namespace Espalier.Tests.Training;

/// <summary>Our flat optimizers against libtorch's own, step by step on the same gradients.</summary>
public sealed class OptimizerTests
{
    [Theory]
    [InlineData(OptimizerKind.Sgd, false)]
    [InlineData(OptimizerKind.Sgd, true)]
    [InlineData(OptimizerKind.Adam, false)]
    [InlineData(OptimizerKind.AdamW, false)]
    public void Twenty_steps_match_the_reference(OptimizerKind kind, bool nesterov)
    {
        using var ours = Network();
        using var theirs = Network();
        using var flat = new FlatParameters(ours, static (_, _) => true);
        var options = new OptimizerOptions { Kind = kind, Nesterov = nesterov, LearningRate = 0.05, WeightDecay = 0.02, Epsilon = 1e-6 };
        using Optimizer optimizer = Optimizer.Create(options, flat);
        torch.optim.Optimizer reference = kind switch
        {
            OptimizerKind.Sgd => torch.optim.SGD(theirs.parameters().ToArray(), 0.05, 0.9, 0, 0.02, nesterov),
            OptimizerKind.Adam => torch.optim.Adam(theirs.parameters().ToArray(), 0.05, 0.9, 0.999, 1e-6, 0.02),
            _ => torch.optim.AdamW(theirs.parameters().ToArray(), 0.05, 0.9, 0.999, 1e-6, 0.02),
        };
        var values = new Hyperparameters(0.05, 0.9, 0.9, 0.999, 1e-6, 0.02);
        for (int step = 0; step < 20; step++)
        {
            using var scope = torch.NewDisposeScope();
            using var generator = new torch.Generator((ulong)step);
            Tensor x = torch.randn([16, 5], dtype: torch.float64, generator: generator);
            flat.ZeroGradients();
            ours.call(x).pow(2).mean().backward();
            optimizer.Step(values);
            reference.zero_grad();
            theirs.call(x).pow(2).mean().backward();
            reference.step();
        }

        foreach ((Tensor a, Tensor b) in ours.parameters().Zip(theirs.parameters()))
            Assert.True(a.allclose(b, rtol: 1e-10, atol: 1e-12), $"{kind}: largest difference {(a - b).abs().max().item<double>()}");
        reference.Dispose();
    }

    [Fact]
    public void RmsProp_matches_its_formula_with_epsilon_outside_the_root()
    {
        using var module = torch.nn.Linear(2, 1, hasBias: false, dtype: torch.float64);
        using var flat = new FlatParameters(module);
        using Optimizer optimizer = Optimizer.Create(new() { Kind = OptimizerKind.RmsProp, WeightDecay = 0 }, flat);
        double[] w = flat.Values.data<double>().ToArray();
        double[] v = [0, 0];
        for (int step = 1; step <= 3; step++)
        {
            double[] g = [0.3 * step, -0.1];
            flat.Gradients.copy_(torch.tensor(g));
            optimizer.Step(new(0.01, 0, 0, 0.9, 1e-5, 0));
            for (int i = 0; i < 2; i++)
            {
                v[i] = (0.9 * v[i]) + (0.1 * g[i] * g[i]);
                w[i] -= 0.01 * g[i] / (Math.Sqrt(v[i]) + 1e-5);
            }
        }

        Assert.Equal(w[0], flat.Values[0].item<double>(), 1e-12);
        Assert.Equal(w[1], flat.Values[1].item<double>(), 1e-12);
    }

    [Fact]
    public void Lars_steps_weights_by_trust_times_their_norm_and_leaves_biases_alone()
    {
        using var module = torch.nn.Linear(3, 2, dtype: torch.float64);
        using var flat = new FlatParameters(module);
        using Optimizer optimizer = Optimizer.Create(new() { Kind = OptimizerKind.Lars, TrustCoefficient = 0.01 }, flat);
        using Tensor before = flat.Values.clone();
        flat.Gradients.fill_(0.5);
        optimizer.Step(new(0.1, 0.9, 0, 0, 0, 0));
        using Tensor change = flat.Values - before;
        double weightNorm = before.narrow(0, 0, 6).norm().item<double>();
        Assert.Equal(0.1 * 0.01 * weightNorm, change.narrow(0, 0, 6).norm().item<double>(), 1e-12);
        Assert.Equal(-0.05, change[6].item<double>(), 1e-12);
    }

    /// <summary>Against libtorch's Adagrad, which has no decay of its own here.</summary>
    [Fact]
    public void Adagrad_matches_the_reference()
    {
        using var ours = Network();
        using var theirs = Network();
        using var flat = new FlatParameters(ours);
        using Optimizer optimizer = Optimizer.Create(new() { Kind = OptimizerKind.Adagrad }, flat);
        using torch.optim.Optimizer reference = torch.optim.Adagrad(theirs.parameters().ToArray(), 0.05, eps: 1e-8);
        for (int step = 0; step < 10; step++)
        {
            using var scope = torch.NewDisposeScope();
            using var generator = new torch.Generator((ulong)step);
            Tensor x = torch.randn([16, 5], dtype: torch.float64, generator: generator);
            flat.ZeroGradients();
            ours.call(x).pow(2).mean().backward();
            optimizer.Step(new(0.05, 0, 0, 0, 1e-8, 0));
            reference.zero_grad();
            theirs.call(x).pow(2).mean().backward();
            reference.step();
        }

        foreach ((Tensor a, Tensor b) in ours.parameters().Zip(theirs.parameters()))
            Assert.True(a.allclose(b, rtol: 1e-10, atol: 1e-12));
    }

    /// <summary>Two steps of You et al. 2020, Algorithm 2, written out for one weight vector and one bias.</summary>
    [Fact]
    public void Lamb_follows_its_algorithm()
    {
        using var module = torch.nn.Linear(2, 1, dtype: torch.float64);
        using var flat = new FlatParameters(module);
        using Optimizer optimizer = Optimizer.Create(new() { Kind = OptimizerKind.Lamb }, flat);
        double[] w = flat.Values.data<double>().ToArray();
        (double[] m, double[] v) = (new double[3], new double[3]);
        for (int t = 1; t <= 2; t++)
        {
            double[] g = [0.4 * t, -0.2, 0.7];
            flat.Gradients.copy_(torch.tensor(g));
            optimizer.Step(new(0.1, 0, 0.9, 0.99, 1e-6, 0.05));
            double[] u = new double[3];
            for (int i = 0; i < 3; i++)
            {
                m[i] = (0.9 * m[i]) + (0.1 * g[i]);
                v[i] = (0.99 * v[i]) + (0.01 * g[i] * g[i]);
                u[i] = m[i] / (1 - Math.Pow(0.9, t)) / (Math.Sqrt(v[i] / (1 - Math.Pow(0.99, t))) + 1e-6);
            }

            u[0] += 0.05 * w[0];
            u[1] += 0.05 * w[1];
            double trust = Math.Sqrt((w[0] * w[0]) + (w[1] * w[1])) / Math.Sqrt((u[0] * u[0]) + (u[1] * u[1]));
            w[0] -= 0.1 * trust * u[0];
            w[1] -= 0.1 * trust * u[1];
            w[2] -= 0.1 * u[2];
        }

        double[] ours = flat.Values.data<double>().ToArray();
        for (int i = 0; i < 3; i++)
            Assert.Equal(w[i], ours[i], 1e-12);
    }

    [Fact]
    public void Lightnings_lars_scales_the_rate_by_trust_over_gradient_and_decay()
    {
        using var module = torch.nn.Linear(2, 1, dtype: torch.float64);
        using var flat = new FlatParameters(module);
        using Optimizer optimizer = Optimizer.Create(new() { Kind = OptimizerKind.Lars, LarsVariant = LarsVariant.Lightning, TrustCoefficient = 0.01 }, flat);
        double[] before = flat.Values.data<double>().ToArray();
        double[] g = [3, 4, 2];
        flat.Gradients.copy_(torch.tensor(g));
        optimizer.Step(new(0.5, 0.9, 0, 0, 0, 0.1));
        double[] after = flat.Values.data<double>().ToArray();
        double norm = Math.Sqrt((before[0] * before[0]) + (before[1] * before[1]));
        double rate = 0.01 * norm / (5 + (0.1 * norm));
        for (int i = 0; i < 2; i++)
            Assert.Equal(before[i] - (0.5 * rate * (g[i] + (0.1 * before[i]))), after[i], 1e-8);
        Assert.Equal(before[2] - (0.5 * 2), after[2], 1e-12);
    }

    [Fact]
    public void Decay_touches_matrices_only()
    {
        using var module = torch.nn.Linear(3, 2, dtype: torch.float64);
        using var flat = new FlatParameters(module);
        Assert.Equal(6, flat.DecayedLength);
        using Optimizer optimizer = Optimizer.Create(new(), flat);
        using Tensor before = flat.Values.clone();
        optimizer.Step(new(0.1, 0, 0.9, 0.999, 1e-8, 0.5));
        Assert.True(flat.Values.narrow(0, 0, 6).allclose(before.narrow(0, 0, 6) * 0.95, rtol: 1e-12));
        Assert.True(flat.Values.narrow(0, 6, 2).equal(before.narrow(0, 6, 2)).all().item<bool>());
    }

    private static torch.nn.Module<Tensor, Tensor> Network()
    {
        torch.manual_seed(3);
        return torch.nn.Sequential(
            ("a", torch.nn.Linear(5, 7, dtype: torch.float64)), ("t", torch.nn.Tanh()), ("b", torch.nn.Linear(7, 2, dtype: torch.float64)));
    }
}
