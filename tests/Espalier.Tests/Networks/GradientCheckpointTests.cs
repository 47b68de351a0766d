using Espalier.Networks.Gmlp;
using Espalier.Training.Loop;

namespace Espalier.Tests.Networks;

public sealed class GradientCheckpointTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Gradients_are_the_same_with_and_without_it(bool inTrainersScope)
    {
        var options = new GmlpVisionOptions { ImageHeight = 8, ImageWidth = 8, Channels = 1, Classes = 3, PatchSize = 2, DModel = 6, DFfn = 12, Layers = 3, SpatialInitStd = 0.3, SurvivalProbability = 0.6 };
        using var scope = torch.NewDisposeScope();
        Tensor input = torch.randn(4, 1, 8, 8);
        Tensor[] plain = Gradients(options), checkpointed = Gradients(options with { GradientCheckpointing = true });
        Assert.Equal(plain.Length, checkpointed.Length);
        Assert.All(plain.Zip(checkpointed), pair => Assert.Equal(0, (pair.First - pair.Second).abs().max().item<float>()));
        Assert.Contains(plain, gradient => gradient.abs().max().item<float>() > 0);

        Tensor[] Gradients(GmlpVisionOptions o)
        {
            var model = new GmlpVision(o, 1);
            using (torch.no_grad())
                ((TorchSharp.Modules.Parameter)model.parameters().Last(p => p.dim() == 2)).normal_(0, 1, new torch.Generator(2));
            torch.random.manual_seed(3);
            using IDisposable? random = inTrainersScope ? SampleRandom.Begin(1, 0, 4) : null;
            model.call(input).pow(2).sum().backward();
            return [.. model.parameters().Select(p => p.grad!)];
        }
    }

    [Fact]
    public void A_failure_in_the_second_pass_is_thrown_after_the_backward_pass()
    {
        using var scope = torch.NewDisposeScope();
        int calls = 0;
        Tensor x = torch.randn(3).requires_grad_(true);
        Tensor y = GradientCheckpoint.Run(t => ++calls == 2 ? throw new InvalidOperationException("second") : t * 2, x);
        y.sum().backward();
        Assert.Equal("second", Assert.Throws<InvalidOperationException>(GradientCheckpoint.ThrowIfFailed).Message);
        GradientCheckpoint.ThrowIfFailed();
    }
}
