using Espalier.Training.Loop;
using Espalier.Training.Optimizers;
using Model = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Benchmarks.Workload;

/// <summary>
/// The smallest loop that does the trainer's arithmetic: the same native calls over the same flat buffers, and nothing
/// around them. No seeding, no schedule, no loader, no report.
/// </summary>
public sealed class FlatLoop : BareLoop
{
    private readonly FlatParameters _parameters;
    private readonly Tensor _decayed;
    private readonly Tensor _first;
    private readonly Tensor _second;
    private readonly Tensor _denominator;
    private readonly Tensor _ema;
    private double _beta1Product = 1;
    private double _beta2Product = 1;

    /// <summary>A loop over a model of its own.</summary>
    public FlatLoop(DigitsTask task, Model model)
        : base(task, model)
    {
        _parameters = new FlatParameters(model);
        using var noGradients = torch.no_grad();
        _decayed = _parameters.Values.narrow(0, 0, _parameters.DecayedLength);
        _first = torch.zeros_like(_parameters.Values);
        _second = torch.zeros_like(_parameters.Values);
        _denominator = torch.zeros_like(_parameters.Values);
        _ema = _parameters.Values.clone();
    }

    /// <inheritdoc/>
    protected override void Step(Tensor inputs, Tensor labels)
    {
        Tensor g = _parameters.Gradients;
        g.zero_();
        Tensor logits = Model.call(inputs);
        Tensor loss = torch.nn.functional.cross_entropy(logits, labels, reduction: torch.nn.Reduction.Sum, label_smoothing: Arithmetic.LabelSmoothing);
        Tensor correct;
        using (torch.no_grad())
            correct = logits.argmax(1).eq(labels).sum();
        long batch = labels.shape[0];
        Loss = loss.ToDouble() / batch;
        loss.backward();
        Accuracy = correct.ToDouble() / batch;

        using var noGradients = torch.no_grad();
        double norm = g.norm().ToDouble() / batch;
        g.mul_((norm > Arithmetic.ClipNorm ? Arithmetic.ClipNorm / norm : 1) / batch);

        Hyperparameters h = Arithmetic.Values;
        _decayed.mul_(1 - (h.LearningRate * h.WeightDecay));
        _first.lerp_(g, 1 - h.Beta1);
        _second.mul_(h.Beta2).addcmul_(g, g, 1 - h.Beta2);
        _beta1Product *= h.Beta1;
        _beta2Product *= h.Beta2;
        _denominator.copy_(_second).sqrt_().div_(Math.Sqrt(1 - _beta2Product)).add_(h.Epsilon);
        _parameters.Values.addcdiv_(_first, _denominator, -h.LearningRate / (1 - _beta1Product));
        _ema.lerp_(_parameters.Values, 1 - Arithmetic.EmaMomentum);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach (Tensor tensor in (Tensor[])[_decayed, _first, _second, _denominator, _ema])
            tensor.Dispose();
        _parameters.Dispose();
        base.Dispose(disposing);
    }
}
