using Espalier.Training.Optimizers;
using TorchSharp.Modules;
using Model = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Benchmarks.Workload;

/// <summary>
/// The loop as one writes it with TorchSharp: <c>torch.optim.AdamW</c> with a group without decay,
/// <c>clip_grad_norm_</c>, and an average of each parameter by <c>lerp_</c>.
/// </summary>
public sealed class OrdinaryLoop : BareLoop
{
    private readonly Parameter[] _parameters;
    private readonly Tensor[] _averages;
    private readonly AdamW _optimizer;

    /// <summary>A loop over a model of its own.</summary>
    public OrdinaryLoop(DigitsTask task, Model model)
        : base(task, model)
    {
        Hyperparameters h = Arithmetic.Values;
        _parameters = [.. model.parameters()];
        using (torch.no_grad())
            _averages = [.. _parameters.Select(p => p.clone())];
        AdamW.ParamGroup Group(bool decays) => new(
            [.. _parameters.Where(p => p.dim() > 1 == decays)], h.LearningRate, h.Beta1, h.Beta2, h.Epsilon, decays ? h.WeightDecay : 0);
        _optimizer = new AdamW([Group(true), Group(false)], h.LearningRate, h.Beta1, h.Beta2, h.Epsilon, h.WeightDecay);
    }

    /// <inheritdoc/>
    protected override void Step(Tensor inputs, Tensor labels)
    {
        _optimizer.zero_grad();
        Tensor logits = Model.call(inputs);
        Tensor loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing: Arithmetic.LabelSmoothing);
        loss.backward();
        torch.nn.utils.clip_grad_norm_(_parameters, Arithmetic.ClipNorm);
        _optimizer.step();
        using var noGradients = torch.no_grad();
        for (int i = 0; i < _parameters.Length; i++)
            _averages[i].lerp_(_parameters[i], 1 - Arithmetic.EmaMomentum);
        Loss = loss.item<float>();
        Accuracy = logits.argmax(1).eq(labels).sum().item<long>() / (double)labels.shape[0];
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _optimizer.Dispose();
        foreach (Tensor average in _averages)
            average.Dispose();
        base.Dispose(disposing);
    }
}
