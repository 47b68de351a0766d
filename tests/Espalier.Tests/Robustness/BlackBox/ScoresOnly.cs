using Espalier.Models;

namespace Espalier.Tests.Robustness.BlackBox;

/// <summary>Probabilities of inputs of any shape by a linear model of their features, and how many inputs were asked for.</summary>
internal sealed class ScoresOnly(Tensor weight, Tensor bias, long[] shape, InputBounds bounds) : IScoringClassifier
{
    public long Asked { get; private set; }

    public int ClassCount => (int)weight.shape[0];

    public IReadOnlyList<long> InputShape => shape;

    public InputBounds Bounds => bounds;

    public Tensor Probabilities(Tensor inputs)
    {
        Assert.Equal(shape, inputs.shape[1..]);
        using var scope = torch.NewDisposeScope();
        Asked += inputs.shape[0];
        Assert.True(bounds.Clamp(inputs).eq(inputs).all().item<bool>());
        return (inputs.flatten(1).matmul(weight.t()) + bias).softmax(1).MoveToOuterDisposeScope();
    }

    public Tensor Predict(Tensor inputs)
    {
        using Tensor probabilities = Probabilities(inputs);
        return probabilities.argmax(1);
    }

    /// <summary>Two classes, logits (0, w·x + b).</summary>
    public static ScoresOnly Binary(Tensor w, double b, long[] shape, InputBounds bounds) =>
        new(torch.stack([torch.zeros_like(w), w]), torch.tensor(new[] { 0f, (float)b }), shape, bounds);
}
