using Espalier.Data;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Training.Loop;

namespace Espalier.Training.Objectives;

/// <summary>Cross-entropy of a classifier; judged by <c>loss</c> (mean log loss) and <c>accuracy</c>.</summary>
public sealed class ClassificationObjective : Objective<LabelledBatch>
{
    private readonly torch.nn.Module<Tensor, Tensor> _model;
    private readonly double _labelSmoothing;
    private readonly Func<string, Tensor, bool>? _decays;

    /// <summary>An objective for a model that maps inputs [batch, ...] to logits [batch, classes].</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="labelSmoothing">The share of the target spread over all classes, in [0, 1).</param>
    /// <param name="decays">Which parameters weight decay applies to; those of two or more dimensions where null.</param>
    /// <exception cref="OptionsException">The smoothing is out of range.</exception>
    public ClassificationObjective(torch.nn.Module<Tensor, Tensor> model, double labelSmoothing = 0, Func<string, Tensor, bool>? decays = null)
    {
        OptionsException.Require(labelSmoothing is >= 0 and < 1, nameof(labelSmoothing), labelSmoothing, "must lie in [0, 1)");
        (_model, _labelSmoothing, _decays) = (model, labelSmoothing, decays);
    }

    /// <inheritdoc/>
    public override torch.nn.Module Model => _model;

    /// <summary>Changes each training image at random before it is learned from; as they are where null.</summary>
    public ImageAugmenter? Augmenter { get; init; }

    /// <summary>Makes one training image of two, labels alike; as they are where null.</summary>
    public BatchMixer? Mixer { get; init; }

    /// <inheritdoc/>
    public override LabelledBatch Prepare(LabelledBatch batch) => Augmenter?.Apply(batch) ?? batch;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => _decays?.Invoke(name, parameter) ?? base.Decays(name, parameter);

    /// <inheritdoc/>
    public override LossSum Step(LabelledBatch batch, TrainingState state)
    {
        MixedBatch mixed = Mixer?.Mix(batch.Inputs, batch.Labels, batch.Position) ?? new(batch.Inputs, batch.Labels, 1);
        Tensor logits = _model.call(mixed.Inputs);

        // Cross-entropy is linear in its target, smoothed or not: the loss of the mixed target is the mixed loss.
        Tensor loss = CrossEntropy(logits, batch.Labels);
        if (mixed.Share < 1)
            loss = mixed.Share * loss + (1 - mixed.Share) * CrossEntropy(logits, mixed.PartnerLabels);
        using var noGradients = torch.no_grad();
        return new LossSum(loss, batch.Count, logits.argmax(1).eq(batch.Labels).sum());
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<LabelledBatch> data, EvaluationContext context) => ClassificationNumbers.Of(_model, data);

    private Tensor CrossEntropy(Tensor logits, Tensor labels) =>
        torch.nn.functional.cross_entropy(logits, labels, reduction: torch.nn.Reduction.Sum, label_smoothing: _labelSmoothing);
}
