using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Loop;

namespace Espalier.Tests.Training;

/// <summary>The relatives of the exponential average, each against its closed form.</summary>
public sealed class EmaRelativesTests
{
    [Theory]
    [InlineData(new[] { 16, 16, 16, 16 })]
    [InlineData(new[] { 32, 32 })]
    [InlineData(new[] { 16, 48 })]
    public void Polyak_is_the_mean_over_the_samples(int[] steps)
    {
        // Weights that stand at i after step i: the mean weighs each by the samples it stood for.
        double expected = steps.Select((n, i) => n * (i + 1.0)).Sum() / steps.Sum();
        Assert.Equal(expected, Track(new() { Kind = EmaKind.Polyak }, steps)[^1], 1e-12);
    }

    [Fact]
    public void With_a_late_start_polyak_forgets_what_came_before() =>
        Assert.Equal((3 + 4 + 5) / 3.0, Track(new() { Kind = EmaKind.Polyak, StartAfter = Duration.Steps(2) }, [16, 16, 16, 16, 16])[^1], 1e-12);

    [Theory]
    [InlineData(0.05, 16.97)]
    [InlineData(0.10, 6.94)]
    public void The_exponents_of_the_published_widths(double sigma, double published)
    {
        double exponent = PowerFunctionProfile.Exponent(sigma);
        Assert.Equal(published, exponent, 0.005);
        Assert.Equal(sigma, PowerFunctionProfile.Sigma(exponent), 1e-14);
        double inverse = 1 / (sigma * sigma);
        Assert.Equal(0, (Math.Pow(exponent, 3) + (7 * exponent * exponent) + ((16 - inverse) * exponent) + (12 - inverse)) / inverse, 1e-10);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    public void The_power_function_obeys_the_scaling_rule_exactly(int kappa)
    {
        double exponent = PowerFunctionProfile.Exponent(0.07);
        double product = 1;
        for (int i = 1; i <= kappa; i++)
            product *= PowerFunctionProfile.Momentum(exponent, 32, 3200 + (32 * i));
        Assert.Equal(PowerFunctionProfile.Momentum(exponent, 32 * kappa, 3200 + (32 * kappa)), product, 1e-12);
    }

    [Fact]
    public void A_power_function_average_weighs_by_the_powers_of_the_samples_seen()
    {
        double power = PowerFunctionProfile.Exponent(0.2) + 1;
        int[] steps = [16, 16, 32, 16];
        (double sum, double seen, double expected) = (0, 0, 0);
        for (int i = 0; i < steps.Length; i++)
        {
            double share = Math.Pow(seen + steps[i], power) - Math.Pow(seen, power);
            seen += steps[i];
            sum += share;
            expected += share * (i + 1);
        }

        Assert.Equal(expected / sum, Track(new() { Kind = EmaKind.PowerFunction, SigmaRel = 0.2 }, steps)[^1], 1e-12);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(64)]
    public void Bias_correction_divides_by_one_minus_the_product(int samples)
    {
        // The average that starts at zero and is divided by 1-ρ^t at the end.
        const double rho = 0.9;
        double kappa = samples / 16.0;
        double average = 0;
        for (int i = 1; i <= 5; i++)
            average = (Math.Pow(rho, kappa) * average) + ((1 - Math.Pow(rho, kappa)) * i);
        double expected = average / (1 - Math.Pow(rho, 5 * kappa));
        Assert.Equal(expected, Track(new() { Momentum = rho, Warmup = EmaWarmup.BiasCorrected }, [.. Enumerable.Repeat(samples, 5)])[^1], 1e-12);
    }

    [Fact]
    public void The_cosine_schedule_ends_at_one_and_scales_pointwise()
    {
        using Tracked t = new(new() { Momentum = 0.9, Schedule = EmaSchedule.CosineToOne }, total: 160);
        t.Ema.Update(32);
        Assert.Equal(Math.Pow(0.9, 2), t.Ema.LatestMomentum, 1e-12);
        t.Ema.Update(48);
        Assert.Equal(Math.Pow(1 - (0.1 * (Math.Cos(Math.PI * 32 / 160) + 1) / 2), 3), t.Ema.LatestMomentum, 1e-12);
        t.Ema.Update(80);
        Assert.Equal(Math.Pow(1 - (0.1 * 0.5), 5), t.Ema.LatestMomentum, 1e-12);
        t.Ema.Update(16);
        Assert.Equal(1, t.Ema.LatestMomentum, 1e-12);
    }

    [Fact]
    public void A_bound_teacher_follows_the_average_and_keeps_its_own_statistics()
    {
        using Tracked t = new(new() { Momentum = 0.5 });
        using torch.nn.Module<Tensor, Tensor> teacher = Tracked.Network();
        t.Ema.BindTo(teacher);
        t.Set(2);
        t.Ema.Update(16);
        Assert.All(teacher.parameters(), p => Assert.False(p.requires_grad));
        double[] weights = teacher.parameters().First().data<double>().ToArray();
        Assert.All(weights, w => Assert.Equal(1, w, 1e-12));
        teacher.call(torch.full([8, 2], 3.0, dtype: torch.float64));
        double own = teacher.named_buffers().First(b => b.name.EndsWith("running_mean", StringComparison.Ordinal)).buffer[0].item<double>();
        t.Ema.Update(16);
        Assert.NotEqual(0, own);
        Assert.Equal(own, t.Ema.Buffers.First(b => b.Name.EndsWith("running_mean", StringComparison.Ordinal)).Average[0].item<double>());
    }

    [Fact]
    public void A_teacher_with_other_parameters_is_refused_by_name()
    {
        using Tracked t = new(new());
        using var other = torch.nn.Sequential(("other", torch.nn.Linear(2, 2, dtype: torch.float64)));
        Assert.Contains("other.weight", Assert.Throws<CheckpointException>(() => t.Ema.BindTo(other)).Message);
        using var wide = torch.nn.Sequential(("l", torch.nn.Linear(3, 2, dtype: torch.float64)));
        Assert.Contains("l.weight", Assert.Throws<CheckpointException>(() => t.Ema.CopyTo(wide)).Message);
    }

    [Fact]
    public void Excluded_parameters_are_copied()
    {
        using Tracked t = new(new() { Momentum = 0.5, Exclude = ["n.*"] });
        t.Set(2);
        t.Ema.Update(16);
        using torch.nn.Module<Tensor, Tensor> copy = Tracked.Network();
        t.Ema.CopyTo(copy);
        Assert.All(copy.named_parameters(), p => Assert.Equal(p.name.StartsWith("n.", StringComparison.Ordinal) ? 2 : 1, p.parameter.reshape(-1)[0].item<double>(), 1e-12));
    }

    [Theory]
    [InlineData("kind")]
    [InlineData("sigmaRel")]
    [InlineData("warmup")]
    public void Contradictory_options_are_refused_by_name(string option)
    {
        EmaOptions options = option switch
        {
            "kind" => new() { Kind = EmaKind.Polyak, Momentum = 0.9 },
            "sigmaRel" => new() { Kind = EmaKind.PowerFunction, SigmaRel = 0.5 },
            _ => new() { Warmup = EmaWarmup.BiasCorrected, Schedule = EmaSchedule.CosineToOne },
        };
        Assert.Equal(option, Assert.Throws<OptionsException>(options.Validate).Option);
    }

    private static double[] Track(EmaOptions options, int[] steps)
    {
        using Tracked t = new(options);
        var values = new List<double>();
        for (int i = 0; i < steps.Length; i++)
        {
            t.Set(i + 1);
            t.Ema.Update(steps[i]);
            values.Add(t.Ema.Weights[0].item<double>());
        }

        return [.. values];
    }

    private sealed class Tracked : IDisposable
    {
        private readonly torch.nn.Module<Tensor, Tensor> _module = Network();
        private readonly FlatParameters _flat;

        public Tracked(EmaOptions options, long total = 0)
        {
            _flat = new FlatParameters(_module);
            Set(0);
            Ema = new ModelEma(_module, _flat, options, new(), baseBatchSize: 16, epochSize: 100, total);
        }

        public ModelEma Ema { get; }

        public static torch.nn.Module<Tensor, Tensor> Network() =>
            torch.nn.Sequential(("l", torch.nn.Linear(2, 2, dtype: torch.float64)), ("n", torch.nn.BatchNorm1d(2, dtype: torch.float64)));

        public void Set(double value)
        {
            using var noGradients = torch.no_grad();
            _flat.Values.fill_(value);
        }

        public void Dispose()
        {
            Ema.Dispose();
            _flat.Dispose();
            _module.Dispose();
        }
    }
}
