using Espalier.Data.Augmentation;
using Espalier.Representation.Evaluation;
using Espalier.Representation.Losses;

namespace Espalier.Tests.Representation;

public sealed class MemoryTests
{
    [Fact]
    public void Losses_and_probes_leave_no_tensor_behind()
    {
        Use(); // what is made once
        DisposeScopeManager.Statistics.Reset();
        for (int i = 0; i < 5; i++)
            Use();
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);

        static void Use()
        {
            using var scope = torch.NewDisposeScope();
            Tensor images = torch.rand(8, 3, 8, 8);
            Tensor x = new ImageAugmenter(AugmentationPresets.SimClr(8), 1).Apply(images, 0, 0).flatten(1).requires_grad_();
            Tensor y = torch.arange(8) % 2;
            var ntXent = new NtXentLoss(new() { MaxEmbeddingsAtOnce = 4 });
            (ntXent.Sum(x, images.flatten(1)) + ByolLoss.Of(x, images.flatten(1))).backward();
            _ = ntXent.LossAndGradient(x, images.flatten(1));
            _ = new DinoLoss(new()).Sum([x, x], [x], torch.zeros(192), .05);
            new LinearProbe(new()).Run(x, y, x, y).Dispose();
            _ = new KnnProbe(new()).Run(x, y, x, y);
            _ = new CollapseMonitor(new()).Run(x);
        }
    }
}
