using Espalier.Data;
using Espalier.Errors;
using Espalier.Training.Averages;
using Espalier.Training.Checkpoints;
using Espalier.Training.Loop;

namespace Espalier.Tests.Training;

public sealed class PostHocEmaTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("posthoc-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Values of an independent NumPy implementation of Karras et al. 2024, appendix C.</summary>
    [Fact]
    public void The_weights_are_those_of_the_reference()
    {
        double narrow = PowerFunctionProfile.Exponent(0.05);
        double wide = PowerFunctionProfile.Exponent(0.10);
        (double, double)[] stored = [(256, narrow), (512, narrow), (1024, narrow), (256, wide), (512, wide), (1024, wide)];
        IReadOnlyList<double> weights = PowerFunctionProfile.Weights(stored, 1024, PowerFunctionProfile.Exponent(0.075));
        double[] reference = [5.4e-8, 1.36e-4, 0.34297, -9.7e-7, -2.427e-3, 0.65932];
        for (int i = 0; i < reference.Length; i++)
            Assert.Equal(reference[i], weights[i], Math.Abs(reference[i]) * 0.02 + 1e-9);
        Assert.Equal(1, weights.Sum(), 1e-12);
    }

    [Fact]
    public void A_stored_width_is_given_back_as_it_is()
    {
        (double, double)[] stored = [(512, 5), (1024, 5), (1024, 9)];
        IReadOnlyList<double> weights = PowerFunctionProfile.Weights(stored, 1024, 5);
        Assert.Equal(0, weights[0], 1e-9);
        Assert.Equal(1, weights[1], 1e-9);
    }

    /// <summary>Specification: within 2 % of the way the weights went, for a drifting random walk.</summary>
    [Fact]
    public void A_synthesised_average_is_near_one_that_was_tracked()
    {
        using var generator = new torch.Generator(1);
        const int steps = 1024;
        Tensor walk = (torch.randn([steps, 50], dtype: torch.float64, generator: generator) * 0.05 + 0.02).cumsum(0);
        Tensor Average(double sigma, int until)
        {
            double exponent = PowerFunctionProfile.Exponent(sigma);
            Tensor average = torch.zeros(50, dtype: torch.float64);
            for (int t = 1; t <= until; t++)
                average = average.lerp(walk[t - 1], 1 - PowerFunctionProfile.Momentum(exponent, 1, t));
            return average;
        }

        (int Time, double Sigma)[] stored = [(256, 0.05), (512, 0.05), (1024, 0.05), (256, 0.10), (512, 0.10), (1024, 0.10)];
        IReadOnlyList<double> weights = PowerFunctionProfile.Weights([.. stored.Select(s => ((double)s.Time, PowerFunctionProfile.Exponent(s.Sigma)))], 1024, PowerFunctionProfile.Exponent(0.075));
        Tensor made = torch.zeros(50, dtype: torch.float64);
        for (int i = 0; i < stored.Length; i++)
            made += weights[i] * Average(stored[i].Sigma, stored[i].Time);
        double error = ((made - Average(0.075, 1024)).norm() / walk[steps - 1].norm()).ToDouble();
        Assert.InRange(error, 0, 0.02);
    }

    [Theory]
    [InlineData(false, 1e-6)]
    [InlineData(true, 2e-3)]
    public void A_training_stores_averages_and_any_width_can_be_made_of_them(bool half, double tolerance)
    {
        using Dataset data = InvariantModel.Data(256, torch.float32);
        using InvariantModel model = new();
        var checkpoints = new CheckpointFolder(Path.Combine(_folder, half ? "half" : "single"));
        var options = new TrainerOptions
        {
            BatchSize = 16,
            Length = Duration.Epochs(3),
            PostHoc = new() { StoreEvery = Duration.Epochs(1), HalfPrecision = half },
            Ema = new() { Kind = EmaKind.PowerFunction, SigmaRel = 0.10 },
        };
        using TrainingResult result = new Trainer(options).Fit(new InvariantModel.Classify(model), data, new() { Checkpoints = checkpoints });
        PostHocEma postHoc = PostHocEma.Open(checkpoints.Averages);
        Assert.Equal([256, 256, 512, 512, 768, 768], postHoc.Stored.Select(s => s.Samples));

        // The width that was tracked anyway is an independent witness.
        IReadOnlyDictionary<string, Tensor> made = postHoc.Synthesize(0.10);
        using InvariantModel tracked = new();
        result.Ema!.CopyTo(tracked);
        foreach ((string name, TorchSharp.Modules.Parameter parameter) in tracked.named_parameters())
            Assert.True(made[name].allclose(parameter, rtol: tolerance, atol: tolerance), name);
        Assert.Equal("time", Assert.Throws<OptionsException>(() => postHoc.Synthesize(0.07, 5000)).Option);
        Assert.Equal("sigmaRel", Assert.Throws<OptionsException>(() => postHoc.Synthesize(0.4)).Option);
    }

    [Fact]
    public void What_lies_outside_the_stored_averages_is_warned_of()
    {
        using Dataset data = InvariantModel.Data(256, torch.float32);
        using InvariantModel model = new();
        var checkpoints = new CheckpointFolder(Path.Combine(_folder, "warned"));
        new Trainer(new() { BatchSize = 16, Length = Duration.Epochs(3), PostHoc = new() { StoreEvery = Duration.Epochs(1) } }).Fit(new InvariantModel.Classify(model), data, new() { Checkpoints = checkpoints }).Dispose();
        PostHocEma postHoc = PostHocEma.Open(checkpoints.Averages);
        Assert.Empty(postHoc.Warnings(0.05));
        Assert.Empty(postHoc.Warnings(0.07));
        Assert.Empty(postHoc.Warnings(0.10, atSamples: 512));
        Assert.Contains(postHoc.Warnings(0.02), w => w.Contains("outside the stored widths 0.05 to 0.1", StringComparison.Ordinal));
        Assert.Contains(postHoc.Warnings(0.25), w => w.Contains("outside the stored widths", StringComparison.Ordinal));
        Assert.Contains(postHoc.Warnings(0.07, atSamples: 100), w => w.Contains("before the first stored average, at 256", StringComparison.Ordinal));

        // Values of NumPy's solver for these profiles: 3.84 between two stored times, 5.85 for a width far below the stored ones.
        Assert.Equal(3.84, postHoc.Weights(0.07, 698).Sum(Math.Abs), 0.01);
        Assert.Contains("magnitudes of 3.8 in sum", Assert.Single(postHoc.Warnings(0.07, atSamples: 698)), StringComparison.Ordinal);
        Assert.Equal(5.85, postHoc.Weights(0.02).Sum(Math.Abs), 0.01);
    }

    [Fact]
    public void Frozen_weights_are_stored_too()
    {
        using Dataset data = InvariantModel.Data(256, torch.float32);
        using InvariantModel model = new();
        TorchSharp.Modules.Parameter frozen = model.parameters().First();
        frozen.requires_grad_(false);
        var checkpoints = new CheckpointFolder(Path.Combine(_folder, "frozen"));
        new Trainer(new() { BatchSize = 16, Length = Duration.Epochs(2), PostHoc = new() { StoreEvery = Duration.Epochs(1) } }).Fit(new InvariantModel.Classify(model), data, new() { Checkpoints = checkpoints }).Dispose();
        IReadOnlyDictionary<string, Tensor> made = PostHocEma.Open(checkpoints.Averages).Synthesize(0.07);
        Assert.Equal(model.state_dict().Keys.Order(StringComparer.Ordinal), made.Keys.Order(StringComparer.Ordinal));
        Assert.True(made[model.named_parameters().First().name].allclose(frozen));
    }

    [Fact]
    public void A_folder_without_averages_is_refused()
    {
        Assert.Contains("two are needed", Assert.Throws<CheckpointException>(() => PostHocEma.Open(_folder)).Message);
    }
}
