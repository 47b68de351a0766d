using Espalier.Models;

namespace Espalier.Robustness;

/// <summary>
/// The loop of every gradient attack inside a norm ball: start, step along the gradient, project into the ball and the
/// model's bounds, keep the best, stop with those that are fooled. A leaf says how many steps of what length.
/// </summary>
public abstract class GradientAttack
{
    private readonly NormBall _ball;
    private readonly AttackObjective _objective;

    /// <summary>Creates the attack.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    private protected GradientAttack(GradientAttackOptions options)
    {
        options.Validate();
        Options = options;
        _ball = NormBall.Of(options.Norm);
        _objective = AttackObjective.Of(options.Loss);
    }

    /// <summary>What the attack was told.</summary>
    public GradientAttackOptions Options { get; }

    /// <summary>Gradients per sample and start.</summary>
    public abstract int Steps { get; }

    /// <summary>How often the attack starts anew on the samples that still stand.</summary>
    protected abstract int Restarts { get; }

    /// <summary>Whether a start is drawn from the ball; otherwise it is the input itself.</summary>
    protected abstract bool RandomStart { get; }

    /// <summary>The same attack with another radius.</summary>
    /// <param name="epsilon">The radius, not negative.</param>
    public abstract GradientAttack WithEpsilon(double epsilon);

    /// <summary>Attacks inputs; those that the model gets wrong already are left as they are.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...], float, inside the model's bounds.</param>
    /// <param name="labels">[n], int64, the true classes.</param>
    /// <param name="targets">[n], int64, the classes wanted; null is any but the true one.</param>
    /// <param name="progress">Told the share done, in (0, 1].</param>
    /// <param name="cancellationToken">Checked at each step.</param>
    /// <returns>The adversarial inputs and what became of each; the caller's.</returns>
    /// <exception cref="ShapeException">Inputs, labels or targets have another shape.</exception>
    /// <exception cref="DataException">A label is out of range or an input outside the bounds.</exception>
    public AttackResult Run(IDifferentiableClassifier classifier, Tensor inputs, Tensor labels,
        Tensor? targets = null, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(classifier, inputs, labels, targets);
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(unchecked((ulong)Options.Seed));
        var tally = new AttackTally();
        Tensor adversarials = torch.empty_like(inputs);
        long count = inputs.shape[0];
        for (long start = 0; start < count; start += Options.BatchSize)
        {
            using var batchScope = torch.NewDisposeScope();
            long size = Math.Min(Options.BatchSize, count - start);
            Tensor x = inputs.narrow(0, start, size).detach();
            AttackedBatch batch = Attack(classifier, x, labels.narrow(0, start, size), targets?.narrow(0, start, size),
                generator, tally, cancellationToken);
            adversarials.narrow(0, start, size).copy_(batch.Best);
            tally.AddNorms(_ball.Size(batch.Best - x));
            progress?.Report((start + size) / (double)count);
        }

        return tally.Result(adversarials.MoveToOuterDisposeScope());
    }

    /// <summary>Length of a step, in the unit of the inputs.</summary>
    /// <param name="step">Counted from 0.</param>
    protected abstract double StepSize(int step);

    private AttackedBatch Attack(IDifferentiableClassifier classifier, Tensor x, Tensor labels, Tensor? targets,
        torch.Generator generator, AttackTally tally, CancellationToken cancellationToken)
    {
        Tensor wrong;
        using (torch.no_grad())
            wrong = Fooled(classifier.Logits(x), labels, targets);
        tally.Queries += x.shape[0];
        var batch = new AttackedBatch(x, wrong);
        for (int restart = 0; restart < Restarts; restart++)
        {
            using var restartScope = torch.NewDisposeScope();
            // A start is drawn for each sample, fooled or not: one sample's fate leaves the others' starts as they are.
            Tensor start = RandomStart
                ? _ball.Project(x + _ball.Sample(x, Options.Epsilon, generator), x, Options.Epsilon, classifier.Bounds)
                : x;
            Tensor left = (Options.StopWhenFooled ? batch.Fooled : wrong).logical_not().nonzero().flatten();
            if (left.numel() == 0)
                break;
            using var active = new ActiveSamples(left, x, labels, targets, start);
            Climb(classifier, active, batch, tally, isFirst: restart == 0, cancellationToken);
        }

        tally.AddFates(wrong, batch.Fooled);
        return batch;
    }

    private void Climb(IDifferentiableClassifier classifier, ActiveSamples active, AttackedBatch batch, AttackTally tally,
        bool isFirst, CancellationToken cancellationToken)
    {
        for (int step = 0; ; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            bool isLast = step == Steps;
            using var mode = isLast ? torch.no_grad() : torch.enable_grad();
            Tensor x = active.Current.detach().requires_grad_(!isLast);
            Tensor logits = classifier.Logits(x);
            Tensor loss = active.Targets is null
                ? _objective.Away(logits, active.Labels)
                : _objective.Toward(logits, active.Labels, active.Targets);
            tally.Queries += active.Count;
            // A loss that is no number proves nothing about the model.
            Tensor fooled = Fooled(logits, active.Labels, active.Targets).logical_and(loss.isfinite());
            batch.Offer(active, loss.detach(), fooled);
            Tensor standing = fooled.logical_not().nonzero().flatten();
            if (isLast || (Options.StopWhenFooled && standing.numel() == 0))
                return;

            Tensor gradient = torch.autograd.grad([loss.sum()], [x])[0].nan_to_num(0, 0, 0);
            tally.GradientEvaluations += active.Count;
            if (isFirst && step == 0)
                tally.AddZeroGradients(gradient);
            Tensor next = active.Current + StepSize(step) * _ball.Steepest(gradient);
            active.MoveTo(_ball.Project(next, active.Centers, Options.Epsilon, classifier.Bounds));
            if (Options.StopWhenFooled && standing.numel() < active.Count)
                active.Keep(standing);
        }
    }

    private static Tensor Fooled(Tensor logits, Tensor labels, Tensor? targets) =>
        targets is null ? logits.argmax(1).ne(labels) : logits.argmax(1).eq(targets);

    private static void Check(IDifferentiableClassifier classifier, Tensor inputs, Tensor labels, Tensor? targets)
    {
        ClassifierInputs.Check(classifier, inputs);
        ClassifierInputs.CheckClasses(classifier, labels, inputs.shape[0], nameof(labels));
        if (targets is not null)
            ClassifierInputs.CheckClasses(classifier, targets, inputs.shape[0], nameof(targets));
    }
}
