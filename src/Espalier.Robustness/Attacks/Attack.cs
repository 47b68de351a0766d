using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Policies;

namespace Espalier.Robustness.Attacks;

/// <summary>
/// An attack: it moves inputs, inside a ball and the model's bounds, until the model errs. The family owns what all share:
/// checks, batches, counting, what success is and which iterate is kept. A leaf looks for better iterates.
/// </summary>
public abstract class Attack
{
    /// <summary>Creates the attack.</summary>
    /// <param name="options">What it is told.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected Attack(PerturbationOptions options)
    {
        options.Validate();
        Options = options;
    }

    /// <summary>What the attack was told.</summary>
    public PerturbationOptions Options { get; }

    /// <summary>What it must be able to ask of a model.</summary>
    public abstract Access Access { get; }

    /// <summary>
    /// Gradients that it takes of an input that stands to the end; two queries without gradient count as one (caa.md 1.4).
    /// </summary>
    public abstract double Complexity { get; }

    /// <summary>The same attack with another radius.</summary>
    /// <param name="epsilon">The radius, not negative.</param>
    /// <exception cref="OptionsException">The radius is negative.</exception>
    public abstract Attack WithEpsilon(double epsilon);

    /// <summary>The same attack with other randomness.</summary>
    /// <param name="seed">The seed.</param>
    public abstract Attack WithSeed(int seed);

    /// <summary>Attacks inputs; those that the model gets wrong already are left as they are.</summary>
    /// <param name="classifier">The model, of at least the attack's <see cref="Access"/>.</param>
    /// <param name="inputs">[n, ...], inside the model's bounds, float32 or float64; others are attacked as float32.</param>
    /// <param name="labels">[n], int64, the true classes.</param>
    /// <param name="targets">[n], int64, the classes wanted; null is any but the true one.</param>
    /// <param name="progress">Told the share done, in (0, 1].</param>
    /// <param name="maxQueries">The most inputs that may be sent through the model; null is any number.</param>
    /// <param name="cancellationToken">Checked at each step.</param>
    /// <returns>The adversarial inputs and what became of each; the caller's.</returns>
    /// <exception cref="ShapeException">Inputs, labels or targets have another shape.</exception>
    /// <exception cref="DataException">A label is out of range or an input outside the bounds.</exception>
    /// <exception cref="OptionsException">The model does not offer what the attack needs.</exception>
    /// <exception cref="ModelOutputException">The model answers with no finite numbers, or cuts the graph to its inputs.</exception>
    /// <exception cref="QueryBudgetException">The queries are used up; it carries the result so far.</exception>
    public AttackResult Run(IClassifier classifier, Tensor inputs, Tensor labels, Tensor? targets = null,
        IProgress<double>? progress = null, long? maxQueries = null, CancellationToken cancellationToken = default)
    {
        ClassifierInputs.Check(classifier, inputs);
        ClassifierInputs.CheckClasses(classifier, labels, inputs.shape[0], nameof(labels));
        if (targets is not null)
            ClassifierInputs.CheckClasses(classifier, targets, inputs.shape[0], nameof(targets));
        Require(classifier);
        using Tensor precise = AttackTarget.Precise(inputs);
        return Run(new AttackTarget(classifier, new QueryMeter(maxQueries), precise), precise, labels, targets, RowKeys.Seeds(precise), progress, cancellationToken);
    }

    /// <summary>Refuses a model that does not offer what the attack needs.</summary>
    /// <param name="classifier">The model.</param>
    /// <exception cref="OptionsException">It does not; the message says which attacks would do.</exception>
    internal void Require(IClassifier classifier)
    {
        Access offered = AttackTarget.Offers(classifier);
        OptionsException.Require(offered >= Access, "attack", GetType().Name, $"needs {Access.ToString().ToLowerInvariant()}, and this model gives {offered.ToString().ToLowerInvariant()} only: {AttackCatalog.Suggest(offered)}");
        OptionsException.Require(Options.FeatureScales is null || Options.FeatureScales.Count == classifier.InputShape.Aggregate(1L, (a, b) => a * b),
            nameof(PerturbationOptions.FeatureScales), $"{Options.FeatureScales?.Count} values", "must hold one value per feature of an input");
    }

    /// <summary>Attacks inputs that have been checked.</summary>
    /// <param name="target">The model, with its counters.</param>
    /// <param name="inputs">[n, ...].</param>
    /// <param name="labels">[n].</param>
    /// <param name="targets">[n] or null.</param>
    /// <param name="keys">[n], what each sample's randomness is a function of.</param>
    /// <param name="progress">Told the share done.</param>
    /// <param name="cancellationToken">Stops.</param>
    internal AttackResult Run(AttackTarget target, Tensor inputs, Tensor labels, Tensor? targets, long[] keys, IProgress<double>? progress, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        var tally = new AttackTally(inputs.clone(), Options);
        long count = inputs.shape[0];
        QueryBudgetException? exhausted = null;
        for (long start = 0; start < count && exhausted is null; start += Options.BatchSize)
        {
            using var batchScope = torch.NewDisposeScope();
            using var noGradients = torch.no_grad();
            int size = (int)Math.Min(Options.BatchSize, count - start);
            try
            {
                var batch = new AttackedBatch(target, inputs.narrow(0, start, size).detach(), labels.narrow(0, start, size),
                    targets?.narrow(0, start, size), keys[(int)start..(int)(start + size)], Options, cancellationToken);
                try
                {
                    PerturbInStages(batch);
                }
                catch (QueryBudgetException error)
                {
                    exhausted = error;
                }

                batch.EndStage();
                tally.Add(start, batch);
            }
            catch (QueryBudgetException error)
            {
                exhausted = error;
            }

            progress?.Report((start + size) / (double)count);
        }

        AttackResult result = tally.Result();
        result.Adversarials.MoveToOuterDisposeScope();
        return exhausted is null ? result : throw new QueryBudgetException(exhausted.MaxQueries, result);
    }

    /// <summary>Does the whole attack: of one that is not composite, one stage.</summary>
    /// <param name="batch">The samples.</param>
    private protected virtual void PerturbInStages(AttackedBatch batch)
    {
        batch.BeginStage(0, GetType().Name);
        Perturb(batch);
    }

    /// <summary>Looks for iterates that fool the model, and has the batch judge them.</summary>
    /// <param name="batch">The samples, what is known of them, and the counters.</param>
    internal abstract void Perturb(AttackedBatch batch);

    /// <summary>A start of active samples: where the stage begins, with as much noise as it takes.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="active">The samples.</param>
    /// <param name="purpose">Another purpose, another draw.</param>
    /// <param name="onSphere">Whether the draw reaches the sphere; otherwise it is uniform in the ball.</param>
    private protected static Tensor DrawStart(AttackedBatch batch, ActiveSamples active, int purpose, bool onSphere)
    {
        double radius = batch.StartNoise * active.Region.Radius;
        if (radius == 0)
            return active.Start.clone();
        using var scope = torch.NewDisposeScope();
        ExampleRandom random = batch.Random(active, purpose);
        Tensor noise = onSphere ? active.Region.DrawOnSphere(active.Start, radius, random) : active.Region.Draw(active.Start, radius, random);
        Tensor start = active.Region.Project(active.Start + noise);
        batch.RememberStart(active, start);
        return start.MoveToOuterDisposeScope();
    }
}
