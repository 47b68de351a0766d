using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Randomness;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Data.Augmentation;

public sealed class BatchMixerTests
{
    private static readonly MixingOptions Mixup = new() { CutMixAlpha = 0 }, CutMix = new() { MixupAlpha = 0 };

    [Fact]
    public void Mixup_is_a_convex_sum_with_the_reversed_batch()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = torch.rand(5, 2, 4, 6), labels = torch.arange(5);
        MixedBatch mixed = new BatchMixer(Mixup, 1).Mix(images, labels, 10);
        Assert.InRange(mixed.Share, 1e-6, 1 - 1e-6);
        Assert.Equal([4, 3, 2, 1, 0], mixed.PartnerLabels.data<long>().ToArray());
        Tensor expected = mixed.Share * images + (1 - mixed.Share) * images.flip(0);
        Assert.InRange((mixed.Inputs - expected).abs().max().item<float>(), 0, 1e-6);
    }

    [Fact]
    public void CutMix_labels_follow_the_area_that_changed_hands()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = torch.zeros(2, 1, 9, 7), labels = torch.arange(2);
        images[1].fill_(1);
        for (int position = 0; position < 200; position += 2)
        {
            MixedBatch mixed = new BatchMixer(CutMix, 3).Mix(images, labels, position);
            Assert.Equal(1 - mixed.Share, mixed.Inputs[0].mean().item<float>(), 1e-6);
            Assert.Equal(mixed.Share, mixed.Inputs[1].mean().item<float>(), 1e-6);
        }
    }

    /// <summary>Beta(a, a) has mean 1/2 and variance 1/(4(2a+1)).</summary>
    [Theory]
    [InlineData(0.2)]
    [InlineData(0.8)]
    [InlineData(1.0)]
    [InlineData(3.0)]
    public void Shares_follow_the_Beta_distribution(double alpha)
    {
        var random = new SplitMix64(1, 2);
        double[] draws = [.. Enumerable.Range(0, 40_000).Select(_ => BatchMixer.Beta(ref random, alpha))];
        Assert.Equal(0.5, draws.Average(), 0.01);
        Assert.Equal(1 / (4 * (2 * alpha + 1)), draws.Average(d => (d - 0.5) * (d - 0.5)), 0.004);
    }

    [Fact]
    public void The_place_in_the_stream_decides()
    {
        using var scope = torch.NewDisposeScope();
        Tensor images = torch.rand(4, 1, 8, 8), labels = torch.arange(4);
        var mixer = new BatchMixer(new(), 1);
        MixedBatch first = mixer.Mix(images, labels, 8), again = mixer.Mix(images, labels, 8), other = mixer.Mix(images, labels, 12);
        Assert.Equal(first.Share, again.Share);
        Assert.Equal(first.Inputs, again.Inputs);
        Assert.NotEqual(first.Share, other.Share);
        Assert.Equal(1, new BatchMixer(new() { Probability = 0 }, 1).Mix(images, labels, 8).Share);
        Assert.Throws<ShapeException>(() => mixer.Mix(torch.rand(4, 8), labels, 0));
        Assert.Equal("cutMixAlpha", Assert.Throws<OptionsException>(() => new BatchMixer(new() { MixupAlpha = 0, CutMixAlpha = 0 }, 1)).Option);
    }

    /// <summary>The loss is cross-entropy with the explicit soft target on smoothed one-hots: on = 1-s+s/C, off = s/C.</summary>
    [Fact]
    public void The_loss_is_that_of_the_mixed_smoothed_target()
    {
        using var scope = torch.NewDisposeScope();
        const double smoothing = 0.1;
        using var model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3));
        var objective = new ClassificationObjective(model, smoothing) { Mixer = new BatchMixer(Mixup, 1) };
        Tensor images = torch.rand(4, 1, 4, 4), labels = torch.tensor(new long[] { 0, 2, 1, 2 });
        LabelledBatch batch = new LabelledBatch(images, labels) { Position = 20 };
        MixedBatch mixed = objective.Mixer.Mix(images, labels, 20);
        Tensor target = mixed.Share * Smoothed(labels) + (1 - mixed.Share) * Smoothed(mixed.PartnerLabels);
        Tensor expected = -(target * model.call(mixed.Inputs).log_softmax(1)).sum();
        LossSum loss = objective.Step(batch, new TrainingState());
        Assert.Equal(expected.item<float>(), loss.Sum.item<float>(), 1e-4);
        Assert.Equal(4, loss.Weight);

        static Tensor Smoothed(Tensor labels) => torch.nn.functional.one_hot(labels, 3).to(torch.float32) * (1 - smoothing) + smoothing / 3;
    }
}
