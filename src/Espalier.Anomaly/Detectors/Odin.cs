using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Detectors;

/// <summary>
/// -max softmax(f(x̃) / T), x̃ = x - ε sign(∇ₓ CE(f(x) / T, ŷ)): a small step towards the prediction (Liang et al., "Enhancing
/// The Reliability of Out-of-distribution Image Detection in Neural Networks", ICLR 2018). ε is in units of a [0, 1] box: where
/// inputs are standardised, each feature takes a step in proportion to the width of its bounds.
/// </summary>
public sealed class Odin : ScoreRule
{
    private readonly double _temperature;
    private readonly double _epsilon;

    /// <summary>Creates the rule.</summary>
    /// <param name="temperature">T, above 0; 1000 in the paper.</param>
    /// <param name="epsilon">ε, at least 0; 0.0014 in the paper.</param>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public Odin(double temperature = 1000, double epsilon = 0.0014) : base("odin", DetectorNeeds.Gradients, ("T", Temperatures.Checked(temperature)), ("eps", epsilon))
    {
        OptionsException.Require(double.IsFinite(epsilon) && epsilon >= 0, "eps", epsilon, "must be at least 0");
        (_temperature, _epsilon) = (temperature, epsilon);
    }

    internal override Tensor Perturbed(IDifferentiableClassifier classifier, Tensor inputs)
    {
        using var scope = torch.NewDisposeScope();
        using var _ = torch.enable_grad();
        Tensor x = inputs.detach().clone().requires_grad_(true);
        Tensor logits = classifier.Logits(x).to(torch.float64) / _temperature;

        // The sum: each input's gradient is its own, whatever the batch.
        Tensor loss = torch.nn.functional.cross_entropy(logits, logits.argmax(1).detach(), reduction: torch.nn.Reduction.Sum);
        Tensor gradient = torch.autograd.grad([loss], [x])[0];
        Tensor width = classifier.Bounds.UpperTensor(inputs) - classifier.Bounds.LowerTensor(inputs);
        Tensor step = torch.where(width.isfinite(), width, torch.ones_like(width)) * _epsilon;
        return (inputs - (gradient.sign() * step)).detach().MoveToOuterDisposeScope();
    }

    // One pass that allocates next to nothing.
    private protected override long RowsAtOnce => 1 << 24;

    private protected override Tensor ScoreBlock(Tensor logits, Tensor? features, LinearHead? head, long start) =>
        RowExponentials.Of(logits, _temperature, (_, sum) => -1 / sum);
}
