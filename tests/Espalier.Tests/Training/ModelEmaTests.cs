using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Loop;
using Espalier.Training.Scaling;

namespace Espalier.Tests.Training;

public sealed class ModelEmaTests
{
    private static (torch.nn.Module<Tensor, Tensor> Module, FlatParameters Flat) Model()
    {
        var module = torch.nn.Sequential(("l", torch.nn.Linear(2, 2, dtype: torch.float64)), ("n", torch.nn.BatchNorm1d(2, dtype: torch.float64)));
        return (module, new FlatParameters(module));
    }

    [Theory]
    [InlineData(16, 0.9)]
    [InlineData(64, 0.6561)]
    [InlineData(8, 0.94868329805)]
    public void The_momentum_of_an_update_is_rho_to_the_kappa(int samples, double expected)
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using var ema = new ModelEma(module, flat, new() { Momentum = 0.9 }, new(), baseBatchSize: 16, epochSize: 100);
        using Tensor start = ema.Weights.clone();
        Add(flat, 1);
        ema.Update(samples);
        Assert.Equal(expected, ema.LatestMomentum, 1e-10);
        using Tensor moved = ema.Weights - start;
        Assert.Equal(1 - expected, moved[0].item<double>(), 1e-10);
    }

    [Fact]
    public void A_half_life_halves_the_share_after_that_many_samples_whatever_the_batch()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        foreach (int samples in new[] { 4, 16, 50 })
        {
            using var ema = new ModelEma(module, flat, new() { HalfLife = Duration.Samples(800) }, new(), 16, 100);
            using Tensor start = ema.Weights.clone();
            Add(flat, 1);
            for (int seen = 0; seen < 800; seen += samples)
                ema.Update(samples);
            using Tensor share = ema.Weights - start;
            Assert.Equal(0.5, share[1].item<double>(), 1e-9);
            Assert.Equal(800, ema.HalfLifeInSamples, 1e-6);
        }
    }

    [Fact]
    public void Updating_every_third_step_covers_three_steps()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using var ema = new ModelEma(module, flat, new() { Momentum = 0.9, UpdateEvery = 3 }, new(), 16, 100);
        for (int i = 0; i < 3; i++)
            ema.Update(16);
        Assert.Equal(0.729, ema.LatestMomentum, 1e-12);
    }

    [Fact]
    public void Before_the_start_the_average_is_a_copy()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using var ema = new ModelEma(module, flat, new() { Momentum = 0.9, StartAfter = Duration.Steps(2) }, new(), 16, 100);
        Add(flat, 1);
        ema.Update(16);
        Assert.True(ema.Weights.equal(flat.Values).all().item<bool>());
        ema.Update(16);
        Add(flat, 1);
        ema.Update(16);
        using Tensor behind = flat.Values - ema.Weights;
        Assert.Equal(0.9, behind[0].item<double>(), 1e-12);
    }

    [Fact]
    public void A_warmed_up_average_starts_as_the_running_mean_of_the_ratio_form()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using var ema = new ModelEma(module, flat, new() { Momentum = 0.99, Warmup = EmaWarmup.Ratio }, new(), 16, 100);
        ema.Update(32);
        // The first two base updates have momenta 1/10 and 2/11.
        Assert.Equal(0.1 * 2 / 11, ema.LatestMomentum, 1e-12);
    }

    [Fact]
    public void Swap_exchanges_weights_and_buffers_and_survives_an_exception()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using var ema = new ModelEma(module, flat, new() { Momentum = 0.9 }, new(), 16, 100);
        Add(flat, 1);
        using Tensor own = flat.Values.clone();
        using Tensor average = ema.Weights.clone();
        Action failing = () =>
        {
            using IDisposable swap = ema.Swap();
            Assert.True(flat.Values.equal(average).all().item<bool>());
            Assert.Throws<InvalidOperationException>(() => ema.Swap());
            throw new NotSupportedException("inside");
        };
        Assert.Throws<NotSupportedException>(failing);
        Assert.True(flat.Values.equal(own).all().item<bool>());
        Assert.True(ema.Weights.equal(average).all().item<bool>());
    }

    [Fact]
    public void Batch_norm_statistics_are_the_models_by_default()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using var ema = new ModelEma(module, flat, new() { Momentum = 0.9 }, new(), 16, 100);
        using Tensor x = torch.ones([4, 2], dtype: torch.float64);
        module.train();
        module.call(x).Dispose();
        ema.Update(16);
        Tensor own = module.named_buffers().Single(b => b.name.EndsWith("running_mean", StringComparison.Ordinal)).buffer;
        Tensor kept = ema.Buffers.Single(b => b.Name.EndsWith("running_mean", StringComparison.Ordinal)).Average;
        Assert.True(own.abs().sum().item<double>() > 0);
        Assert.True(own.equal(kept).all().item<bool>());
    }

    [Fact]
    public void Two_point_scaling_reproduces_small_steps_under_linear_drift()
    {
        (torch.nn.Module<Tensor, Tensor> module, FlatParameters flat) = Model();
        using Tensor initial = flat.Values.clone();
        using var small = new ModelEma(module, flat, new() { Momentum = 0.95 }, new(), 16, 100);
        using var large = new ModelEma(module, flat, new() { Momentum = 0.95 }, new() { Ema = EmaScaling.TwoPoint }, 16, 100);
        large.BeforeStep(16 * 8);
        for (int i = 0; i < 8; i++)
        {
            Add(flat, 0.25);
            small.Update(16);
        }

        large.Update(16 * 8);
        Assert.True(small.Weights.allclose(large.Weights, rtol: 1e-12, atol: 1e-12));
    }

    [Fact]
    public void Momentum_and_half_life_exclude_each_other() =>
        Assert.Throws<OptionsException>(() => new EmaOptions { Momentum = 0.9, HalfLife = Duration.Epochs(1) }.Validate());

    private static void Add(FlatParameters flat, double amount)
    {
        using var noGradients = torch.no_grad();
        flat.Values.add_(amount);
    }
}
