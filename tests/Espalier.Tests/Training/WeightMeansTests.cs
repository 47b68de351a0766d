using Espalier.Data;
using Espalier.Data.Sampling;
using Espalier.Models;
using Espalier.Training.Averages;
using Espalier.Training.Normalization;

namespace Espalier.Tests.Training;

public sealed class WeightMeansTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("soup-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_uniform_soup_is_the_mean()
    {
        using var soup = torch.nn.Linear(2, 2);
        ModelSoup.Uniform([Constant(1), Constant(2), Constant(6)], soup);
        Assert.All(soup.weight!.data<float>().ToArray(), w => Assert.Equal(3, w, 1e-6));
    }

    [Fact]
    public void A_greedy_soup_leaves_out_what_makes_it_worse()
    {
        // Nearest to 2 is best: 1.5 first, then 3 (mean 2.25), while 9 would lead away.
        using var soup = torch.nn.Linear(2, 2);
        string[] files = [Constant(9), Constant(3), Constant(1.5f)];
        IReadOnlyList<string> taken = ModelSoup.Greedy(files, soup, () => -Math.Abs(soup.weight![0, 0].ToDouble() - 2));
        Assert.Equal([files[2], files[1]], taken);
        Assert.Equal(2.25, soup.weight![0, 0].ToDouble(), 1e-6);
    }

    [Fact]
    public void A_greedy_soup_takes_nothing_that_cannot_be_judged()
    {
        using var soup = torch.nn.Linear(2, 2);
        string[] files = [Constant(2), Constant(4)];
        IReadOnlyList<string> taken = ModelSoup.Greedy(files, soup, () => soup.weight![0, 0].ToDouble() is 2 ? 1 : double.NaN);
        Assert.Equal([files[0]], taken);
        Assert.Equal(2, soup.weight![0, 0].ToDouble());
    }

    [Fact]
    public void Recalibrated_statistics_are_the_means_over_the_batches()
    {
        using Dataset data = InvariantModel.Data(64, torch.float32);
        using var ghost = torch.nn.Sequential(("n", (torch.nn.Module<Tensor, Tensor>)new GhostBatchNorm(6)));
        using var plain = torch.nn.Sequential(("n", (torch.nn.Module<Tensor, Tensor>)torch.nn.BatchNorm1d(6)));
        Tensor x = data.Gather(new SampleStream(64, seed: 0).Take(0, 64), 0).Inputs;
        Tensor mean = x.mean([0]);
        Tensor variance = (x.narrow(0, 0, 32).var(0) + x.narrow(0, 32, 32).var(0)) / 2;
        foreach (torch.nn.Module<Tensor, Tensor> model in new[] { ghost, plain })
        {
            model.eval();
            Assert.Equal(1, BatchNormStatistics.Recalibrate(model, data, batchSize: 32));
            Assert.False(model.training);
            Assert.True(model.named_buffers().First(b => b.name == "n.running_mean").buffer.allclose(mean, atol: 1e-5));
            Assert.True(model.named_buffers().First(b => b.name == "n.running_var").buffer.allclose(variance, atol: 1e-4));
        }
    }

    private string Constant(float value)
    {
        using var model = torch.nn.Linear(2, 2);
        using (torch.no_grad())
        {
            foreach (TorchSharp.Modules.Parameter parameter in model.parameters())
                parameter.fill_(value);
        }

        string path = Path.Combine(_folder, $"{value}.safetensors");
        ModelWeights.Save(model, path);
        return path;
    }
}
