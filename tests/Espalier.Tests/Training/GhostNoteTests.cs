using Espalier.Data;
using Espalier.Training.Loop;

namespace Espalier.Tests.Training;

public sealed class GhostNoteTests
{
    [Theory]
    [InlineData(24, 16, true)]
    [InlineData(32, 16, false)]
    [InlineData(33, 16, true)]
    public void Groups_of_unequal_size_are_told(int batch, int baseBatch, bool isUnequal)
    {
        using Dataset data = InvariantModel.Data(96, torch.float32);
        using InvariantModel model = new();
        var options = new TrainerOptions { BatchSize = batch, BaseBatchSize = baseBatch, Length = Duration.Steps(2) };
        using TrainingResult result = new Trainer(options).Fit(new InvariantModel.Classify(model), data);
        Assert.Equal(isUnequal, result.Notes.Any(n => n.Contains("unequal size", StringComparison.Ordinal)));
    }
}
