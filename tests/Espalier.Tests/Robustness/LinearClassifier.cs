using Espalier.Models;

namespace Espalier.Tests.Robustness;

/// <summary>Logits x·W^T + b: the model whose robustness is known in closed form.</summary>
internal sealed class LinearClassifier(Tensor weight, Tensor bias, InputBounds bounds, double scale = 1) : IDifferentiableClassifier
{
    public int Calls { get; private set; }

    public int ClassCount => (int)weight.shape[0];

    public IReadOnlyList<long> InputShape => [weight.shape[1]];

    public InputBounds Bounds => bounds;

    public Tensor Logits(Tensor inputs)
    {
        Calls++;
        return (inputs.matmul(weight.t()) + bias) * scale;
    }

    public Tensor Probabilities(Tensor inputs) => Logits(inputs).detach().softmax(1);

    public Tensor Predict(Tensor inputs) => Logits(inputs).detach().argmax(1);

    /// <summary>Two classes, logits (0, w·x + b).</summary>
    public static LinearClassifier Binary(Tensor w, double b, InputBounds bounds, double scale = 1) =>
        new(torch.stack([torch.zeros_like(w), w]), torch.tensor(new[] { 0f, (float)b }), bounds, scale);
}
