using Espalier.Errors;
using Espalier.Metrics;

namespace Espalier.Tests.Metrics;

public sealed class ConfusionMatrixTests
{
    [Fact]
    public void The_example_of_scikit_learn()
    {
        // sklearn.metrics.confusion_matrix([2, 0, 2, 2, 0, 1], [0, 0, 2, 2, 0, 2]) = [[2, 0, 0], [0, 0, 1], [1, 0, 2]].
        ConfusionMatrix matrix = ConfusionMatrix.Of([0, 0, 2, 2, 0, 2], [2, 0, 2, 2, 0, 1], 3);
        Assert.Equal(new long[,] { { 2, 0, 0 }, { 0, 0, 1 }, { 1, 0, 2 } }, matrix.Counts);
        Assert.Equal(4 / 6.0, matrix.Accuracy, 15);
        Assert.Equal([2 / 3.0, 0, 2 / 3.0], Enumerable.Range(0, 3).Select(matrix.Precision));
        Assert.Equal([1, 0, 2 / 3.0], Enumerable.Range(0, 3).Select(matrix.Recall));
        Assert.Equal((0.8 + 0 + (2 / 3.0)) / 3, matrix.MacroF1, 15);
        Assert.Equal(1, matrix[1, 2]);
        Assert.Equal(6, matrix.Total);
    }

    [Fact]
    public void A_class_that_never_occurs_does_not_weigh()
    {
        ConfusionMatrix matrix = ConfusionMatrix.Of(torch.tensor(new long[] { 0, 1 }), torch.tensor(new long[] { 0, 1 }), 5);
        Assert.Equal(1, matrix.MacroF1);
        Assert.Equal(0, matrix.F1(4));
    }

    [Fact]
    public void Labels_out_of_range_are_named()
    {
        Assert.Contains("label 3 of row 1", Assert.Throws<DataException>(() => ConfusionMatrix.Of([0, 3], [0, 0], 3)).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => ConfusionMatrix.Of([0], [0, 0], 3));
        Assert.Throws<DataException>(() => ConfusionMatrix.Of([], [], 3));
    }
}
