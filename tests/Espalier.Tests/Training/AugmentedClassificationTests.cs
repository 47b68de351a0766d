using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Training.Objectives;

namespace Espalier.Tests.Training;

public sealed class AugmentedClassificationTests
{
    [Fact]
    public void Training_images_are_changed_and_their_labels_are_not()
    {
        using var scope = torch.NewDisposeScope();
        using var data = new Dataset("noise", torch.rand(6, 3, 4, 4), torch.arange(6).remainder(2), ["a", "b"]);
        using var model = torch.nn.Linear(48, 2);
        var mirrored = new ClassificationObjective(model) { Augmenter = new ImageAugmenter(new() { FlipProbability = 1 }, 1) };
        using LabelledBatch before = data.All();
        using LabelledBatch after = mirrored.Prepare(data.All() with { Position = 6 });
        Assert.Equal(0, (after.Inputs - before.Inputs.flip(3)).abs().max().ToDouble(), 6);
        Assert.True(after.Labels.Equals(before.Labels));
        LabelledBatch same = data.All();
        Assert.Same(same, new ClassificationObjective(model).Prepare(same));
    }
}
