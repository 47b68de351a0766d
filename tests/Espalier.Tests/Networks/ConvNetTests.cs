using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Recipes;
using Espalier.Tests.Robustness;

namespace Espalier.Tests.Networks;

public sealed class ConvNetTests
{
    [Theory]
    [InlineData("trades_smallcnn", 312_202)]
    [InlineData("tiny_cnn", 78_906)]
    [InlineData("oe_mnist_convnet", 21_840)]
    public void The_published_shapes_have_the_published_sizes(string name, long parameters)
    {
        using var module = ModelZoo.Create(new ModelOptions { Name = name }, [1, 28, 28], 10, 1);
        Assert.Equal(parameters, module.parameters().Sum(p => p.numel()));
        Assert.Throws<ShapeException>(() => module.call(torch.zeros(1, 1, 27, 28)));
    }

    [Fact]
    public void Images_must_outlast_the_convolutions() =>
        Assert.Throws<OptionsException>(() => ModelZoo.Create(new ModelOptions { Name = "trades_smallcnn" }, [1, 9, 9], 10, 1));

    [Theory]
    [InlineData("trades_smallcnn", new[] { -2.1589, 0.38521, 1.0748, 0.36502, -0.000155, -2.5860, -5.9125, 8.1366, -1.1427, 1.8431 })]
    [InlineData("tiny_std", new[] { -3.11504, -5.26656, 2.78366, 5.27874, -8.58617, -2.89704, -18.99656, 13.55530, -0.86938, 2.44429 })]
    [InlineData("tiny_at", new[] { -3.78162, -4.75667, 0.18729, 0.53753, -4.96701, -3.49563, -10.93928, 9.01243, -2.11304, 0.41742 })]
    public void Published_weights_give_the_published_logits(string name, double[] logits)
    {
        using var victim = Victim.Open(name, 1);
        using var scope = torch.NewDisposeScope();
        double[] own = victim.Classifier.Logits(victim.Inputs).flatten().to(torch.float64).data<double>().ToArray();
        Assert.All(own.Zip(logits), p => Assert.Equal(p.Second, p.First, 2e-4));
    }

    // The logits of the first test image, a 7, as the weights' publisher gives them.
    [Theory]
    [InlineData("baseline", new[] { -6.6872, -1.3829, 3.7348, 3.2190, -4.3892, -8.0789, -16.2981, 17.4777, -1.8349, 4.6220 })]
    [InlineData("oe_tune", new[] { -7.0617, -1.6491, 2.7196, 2.3729, -2.1680, -7.4676, -12.6219, 16.5186, -2.3211, 3.4266 })]
    public void Weights_in_an_archive_of_numpy_give_the_published_logits(string name, double[] logits)
    {
        string file = Path.Combine(DataFolders.FromEnvironment().Local ?? "", "oe-mnist-convnet", name + ".npz");
        Assert.SkipUnless(File.Exists(file), "set ESPALIER_DATA to the folder of the local data sets");
        using AuditTarget target = AuditTarget.Open(file, new() { Data = "mnist", Architecture = "oe_mnist_convnet", Layout = CheckpointLayout.Underscores }, torch.CPU);
        using var scope = torch.NewDisposeScope();
        double[] own = ((TorchClassifier)target.Classifier).Logits(target.Splits.Test.First(1).Inputs).flatten().to(torch.float64).data<double>().ToArray();
        Assert.All(own.Zip(logits), p => Assert.Equal(p.Second, p.First, 6e-5));
    }

    [Fact]
    public void A_channel_is_dropped_as_a_whole_and_only_in_training()
    {
        using var scope = torch.NewDisposeScope();
        using var module = ModelZoo.Create(new ModelOptions { Name = "cnn", Cnn = new() { Convolutions = [new() { Channels = 200, Kernel = 1, ChannelDropout = 0.25 }], HiddenSizes = [] } }, [1, 2, 2], 2, 1);
        using (torch.no_grad())
        {
            module.get_parameter("conv1.weight")!.fill_(1);
            module.get_parameter("fc1.bias")!.zero_();

            // The first logit counts the kept channels at the first pixel, the second those whose pixels differ.
            Tensor weight = module.get_parameter("fc1.weight")!;
            weight.zero_();
            weight[0].view(200, 4).select(1, 0).fill_(0.75);
            weight[1].view(200, 4).copy_(torch.tensor(new[] { 1f, -1, 2, -2 }).expand(200, 4));
        }

        Tensor one = torch.ones(500, 1, 2, 2);
        module.train();
        double[] kept = module.call(one).select(1, 0).to(torch.float64).contiguous().data<double>().ToArray();
        Assert.InRange(kept.Average(), 149, 151);
        Assert.InRange(Math.Sqrt(kept.Average(k => Math.Pow(k - kept.Average(), 2))), 5.3, 7);      // sqrt(200 * 0.25 * 0.75) = 6.1
        Assert.Equal(0, module.call(one).select(1, 1).abs().max().ToDouble(), 1e-3);
        module.eval();
        Assert.Equal(150, module.call(one)[0, 0].ToDouble(), 1e-3);
    }
}
