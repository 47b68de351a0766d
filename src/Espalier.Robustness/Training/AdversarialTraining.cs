using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Regions;
using Espalier.Training.Loop;
using Espalier.Training.Objectives;
using static TorchSharp.torch.nn;

namespace Espalier.Robustness.Training;

/// <summary>
/// Training on the inputs that mislead the model most, found anew at each step (Madry et al. 2018; TRADES, Zhang et al.
/// 2019); under L0 by the steps of <see cref="SparseGradientDescent"/>. Judged by <c>loss</c>, <c>accuracy</c> and <c>robustAccuracy</c>. A sample's random start is a function of the
/// seed and its place in the stream: neither micro-batches nor ranks change it.
/// </summary>
public sealed class AdversarialTraining : Objective<LabelledBatch>
{
    private readonly Module<Tensor, Tensor> _model;
    private readonly Dataset _data;
    private readonly int _seed;
    private readonly Func<string, Tensor, bool>? _decays;

    /// <summary>An objective for a model that maps inputs [batch, ...] to logits [batch, classes].</summary>
    /// <param name="model">The model; stays the caller's.</param>
    /// <param name="data">Gives the inputs' bounds.</param>
    /// <param name="options">The inner attack and the loss; TRADES' for MNIST where null.</param>
    /// <param name="seed">The random starts are a function of it.</param>
    /// <param name="decays">Which parameters weight decay applies to; those of two or more dimensions where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public AdversarialTraining(Module<Tensor, Tensor> model, Dataset data, AdversarialTrainingOptions? options = null, int seed = 0, Func<string, Tensor, bool>? decays = null)
    {
        Options = options ?? new();
        Options.Validate();
        (_model, _data, _seed, _decays) = (model, data, seed, decays);
    }

    /// <summary>What the training was told.</summary>
    public AdversarialTrainingOptions Options { get; }

    /// <inheritdoc/>
    public override Module Model => _model;

    /// <summary>Changes each training image at random before it is attacked; as they are where null.</summary>
    public Data.Augmentation.ImageAugmenter? Augmenter { get; init; }

    /// <inheritdoc/>
    public override LabelledBatch Prepare(LabelledBatch batch) => Augmenter?.Apply(batch) ?? batch;

    /// <inheritdoc/>
    public override bool Decays(string name, Tensor parameter) => _decays?.Invoke(name, parameter) ?? base.Decays(name, parameter);

    /// <inheritdoc/>
    public override LossSum Step(LabelledBatch batch, TrainingState state)
    {
        double share = Options.WarmupSamples == 0 ? 1 : Math.Min(1, state.SamplesSeen / (double)Options.WarmupSamples);
        Tensor adversarials = Maximized(batch, Perturbations.Share(Options.Norm, Options.Epsilon, share));
        Tensor logits = _model.call(adversarials);
        if (Options.Loss == AdversarialLoss.Madry)
        {
            Tensor loss = functional.cross_entropy(logits, batch.Labels, reduction: Reduction.Sum);
            return new LossSum(loss, batch.Count, Correct(logits, batch));
        }

        Tensor clean = _model.call(batch.Inputs);
        Tensor natural = functional.cross_entropy(clean, batch.Labels, reduction: Reduction.Sum);
        Tensor divergence = functional.kl_div(functional.log_softmax(logits, 1), functional.softmax(clean, 1), log_target: false, reduction: Reduction.Sum);
        return new LossSum(natural + Options.Beta * divergence, batch.Count, Correct(clean, batch));
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Evaluate(ISampleSource<LabelledBatch> data, EvaluationContext context)
    {
        Dictionary<string, double> numbers = ClassificationNumbers.Of(_model, data);
        if (Options.EvaluationSteps > 0)
        {
            using var classifier = new TorchClassifier(_model, _data.InputShape, _data.ClassCount, _data.Bounds);
            double standing = 0;
            foreach (LabelledBatch batch in data.InBatches())
            {
                using var scope = torch.NewDisposeScope();
                using AttackResult result = PlainDescent.Of(Options.Norm, Options.Epsilon, Options.EvaluationSteps, _seed).Run(classifier, batch.Inputs, batch.Labels);
                standing += result.RobustAccuracy * batch.Count;
            }

            numbers["robustAccuracy"] = standing / data.Count;
        }

        return numbers;
    }

    /// <summary>
    /// The inputs of greatest loss inside the ball. As in both papers' code the model is in evaluation mode meanwhile; its
    /// parameters need no gradients there, and every sample takes all steps, fooled or not.
    /// </summary>
    private Tensor Maximized(LabelledBatch batch, double epsilon)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var classifier = new TorchClassifier(_model, _data.InputShape, _data.ClassCount, _data.Bounds);
        long[] keys = [.. Enumerable.Range(0, batch.Count).Select(i => batch.Position + i)];
        Tensor clean = batch.Inputs.detach();
        Tensor says = Options.Loss == AdversarialLoss.Trades ? functional.softmax(classifier.Logits(clean), 1) : clean;
        using var samples = new ActiveSamples(clean, batch.Labels, keys, Options.Norm, epsilon, _data.Bounds);
        PerturbationRegion region = samples.Region;
        Tensor x = region.Project(clean + Start(region, clean, epsilon, new ExampleRandom(_seed, keys, 0)));
        Tensor length = Length(clean, epsilon);
        for (int step = 0; step < Options.Steps; step++)
        {
            using var one = torch.NewDisposeScope();
            Tensor gradient;
            using (torch.enable_grad())
            {
                Tensor leaf = x.detach().requires_grad_(true);
                Tensor logits = classifier.Logits(leaf);
                Tensor loss = Options.Loss == AdversarialLoss.Trades
                    ? functional.kl_div(functional.log_softmax(logits, 1), says, log_target: false, reduction: Reduction.Sum)
                    : functional.cross_entropy(logits, batch.Labels, reduction: Reduction.Sum);
                gradient = torch.autograd.grad([loss], [leaf])[0];
            }

            x = region.Project(x + length * region.Steepest(gradient)).MoveToOuterDisposeScope();
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>How far a step of one unit goes, [1, ...] or one number: under L0 the unit of a feature is its range.</summary>
    private Tensor Length(Tensor clean, double epsilon)
    {
        if (Options.Norm != Norm.L0)
            return torch.tensor(epsilon * (Options.RelativeStepSize ?? (2.5 / Options.Steps)), dtype: clean.dtype, device: clean.device);
        double sum = Options.RelativeStepSize * epsilon ?? new SparseGradientDescentOptions().StepLength;
        return sum * (_data.Bounds.UpperTensor(clean) - _data.Bounds.LowerTensor(clean));
    }

    // TRADES starts a thousandth of a normal draw away: at the input itself the divergence has no slope.
    private Tensor Start(PerturbationRegion region, Tensor clean, double epsilon, ExampleRandom random) =>
        Options.Loss == AdversarialLoss.Trades ? random.Normal(clean) * 0.001 : region.Draw(clean, epsilon, random);

    private static Tensor Correct(Tensor logits, LabelledBatch batch)
    {
        using var noGradients = torch.no_grad();
        return logits.argmax(1).eq(batch.Labels).sum();
    }
}
