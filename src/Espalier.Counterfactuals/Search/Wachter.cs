using Espalier.Counterfactuals.Distances;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Counterfactuals.Search;

/// <summary>
/// The counterfactuals of Wachter, Mittelstadt and Russell, "Counterfactual Explanations without Opening the Black Box"
/// (2017): argmin_x' max_λ λ·loss(f(x'), target) + distance(x', x), by Adam, all inputs at once, each with its own λ.
/// The L1 distance takes proximal steps, so that features which need not change do not change at all; immutable features
/// never do, and every candidate is inside the model's bounds. The search draws nothing: it gives the same each time.
/// </summary>
public sealed class Wachter
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Tiny = 1e-8;
    private const double StepPerWay = 0.1;
    private const double Settled = 0.9;
    private const int RefineSteps = 20;

    private readonly Proximity _proximity;
    private readonly Validity _validity;

    /// <summary>Creates the method.</summary>
    /// <param name="options">Distance, loss and budget; the paper's where null.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public Wachter(WachterOptions? options = null)
    {
        Options = options ?? new();
        Options.Validate();
        _proximity = Proximity.Of(Options.Distance);
        _validity = new Validity(Options);
    }

    /// <summary>What the method was told.</summary>
    public WachterOptions Options { get; }

    /// <summary>Finds, for each input, a near one that the model gives the target class.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="inputs">[n, ...], float, inside the model's bounds.</param>
    /// <param name="targets">[n], int64, the class wanted for each input.</param>
    /// <param name="progress">Told the share done, in (0, 1].</param>
    /// <param name="cancellationToken">Checked at each step.</param>
    /// <returns>The counterfactuals; the caller's. What cannot be found is flagged, never an exception.</returns>
    /// <exception cref="ShapeException">Inputs or targets have another shape.</exception>
    /// <exception cref="DataException">A target is out of range or an input outside the bounds.</exception>
    /// <exception cref="OptionsException">Scales or immutable features do not fit the inputs.</exception>
    public CounterfactualResult Explain(IDifferentiableClassifier classifier, Tensor inputs, Tensor targets,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        Check(classifier, inputs, targets);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long count = inputs.shape[0];
        var explanations = new Explanations(inputs.detach());
        Tensor scales = Scales(inputs);
        Tensor mayChange = MayChange(inputs);
        for (long start = 0; start < count; start += Options.BatchSize)
        {
            using var batchScope = torch.NewDisposeScope();
            long size = Math.Min(Options.BatchSize, count - start);
            var space = new CandidateSpace(classifier, inputs.narrow(0, start, size).detach(), targets.narrow(0, start, size), scales, mayChange);
            Explain(space, explanations, share => progress?.Report((start + share * size) / count), cancellationToken);
        }

        return explanations.Result();
    }

    private void Explain(CandidateSpace space, Explanations explanations, Action<double> report, CancellationToken cancellationToken)
    {
        Tensor before = space.LogOdds(space.Inputs);
        Tensor favourable = _validity.Holds(before);
        Tensor candidates = space.Inputs.clone();
        Tensor valid = favourable.clone();
        Tensor unfavourable = favourable.logical_not().nonzero().flatten();
        if (unfavourable.numel() > 0)
        {
            CandidateSpace searched = space.Of(unfavourable);
            BestCandidates best = Search(searched, before.index_select(0, unfavourable), report, cancellationToken);
            if (Options.Refine)
                Refine(searched, best);
            candidates.index_copy_(0, unfavourable, best.Candidates);
            valid.index_copy_(0, unfavourable, best.Valid);
            explanations.Count(searched);
        }

        Tensor after = space.LogOdds(candidates);
        explanations.Add(candidates, favourable, valid, _proximity.Cost(space.Scaled(candidates)), before.sigmoid(), after.sigmoid());
        explanations.Count(space);
        report(1);
    }

    private BestCandidates Search(CandidateSpace space, Tensor logOdds, Action<double> report, CancellationToken cancellationToken)
    {
        var best = new BestCandidates(space.Inputs, logOdds);
        var lambdas = new LambdaSearch(logOdds, Options.InitialLambda);
        for (int round = 0; round < Options.Rounds; round++)
        {
            using var scope = torch.NewDisposeScope();
            lambdas.Next(Descend(space, lambdas.Lambda, best, cancellationToken));
            report((round + 1) / (double)(Options.Rounds + 1));
        }

        return best;
    }

    // One round of Adam; tells which samples were valid as it settled (on its way, one may overshoot). It starts at the
    // nearest counterfactual where there is one: where a model is very sure, it takes a far greater λ to leave the input
    // than to stay at the boundary, and with that λ the distance would count for nothing.
    private Tensor Descend(CandidateSpace space, Tensor lambda, BestCandidates best, CancellationToken cancellationToken)
    {
        Tensor found = torch.zeros_like(best.Valid);
        Tensor start = torch.where(space.PerSample(best.Valid), best.Candidates, space.Inputs);
        Tensor u = space.Scaled(start);
        Tensor first = torch.zeros_like(u);
        Tensor second = torch.zeros_like(u);
        Tensor weight = space.PerSample(lambda);
        Tensor rates = space.PerSample(Rates(space, best));
        Tensor candidates = start;
        for (int step = 1; step <= Options.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            (Tensor logOdds, Tensor gradient) = space.Differentiate(candidates, _validity.Loss);
            Tensor valid = Offer(space, candidates, logOdds, best);
            if (step > Settled * Options.Steps)
                found.logical_or_(valid);

            gradient = gradient * weight;
            if (_proximity.SmoothGradient(u) is Tensor smooth)
                gradient = gradient + smooth;
            first.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
            second.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            double decay = 1 - (step - 1) / (double)Options.Steps;
            Tensor stepSizes = rates * decay / ((second / (1 - Math.Pow(Beta2, step))).sqrt() + Tiny);
            Tensor moved = u - stepSizes * first / (1 - Math.Pow(Beta1, step));
            Tensor previous = candidates;
            candidates = space.Legal(_proximity.Shrink(moved, stepSizes)).MoveToOuterDisposeScope();
            u.copy_(space.Scaled(candidates));
            if (step > 1)
                previous.Dispose();
        }

        return found.logical_or_(Offer(space, candidates, space.LogOdds(candidates), best));
    }

    // A step of the order of the whole way would walk around the nearest point: at most a tenth of the best one's.
    private Tensor Rates(CandidateSpace space, BestCandidates best)
    {
        Tensor way = space.Scaled(best.Candidates).flatten(1).abs().amax([1]);
        return torch.where(best.Valid, (way * StepPerWay).clamp_max(Options.LearningRate), torch.full_like(way, Options.LearningRate));
    }

    // The least share of each change that is still valid, by bisection.
    private void Refine(CandidateSpace space, BestCandidates best)
    {
        Tensor change = best.Candidates - space.Inputs;
        Tensor low = torch.zeros(change.shape[0], dtype: change.dtype, device: change.device);
        Tensor high = torch.ones_like(low);
        for (int step = 0; step < RefineSteps; step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor share = (low + high) / 2;
            Tensor candidates = space.Clamped(space.Inputs + change * space.PerSample(share));
            Tensor valid = Offer(space, candidates, space.LogOdds(candidates), best);
            high.copy_(torch.where(valid, share, high));
            low.copy_(torch.where(valid, low, share));
        }
    }

    private Tensor Offer(CandidateSpace space, Tensor candidates, Tensor logOdds, BestCandidates best)
    {
        Tensor valid = _validity.Holds(logOdds);
        best.Offer(candidates, _proximity.Cost(space.Scaled(candidates)), logOdds, valid);
        return valid;
    }

    private Tensor Scales(Tensor inputs)
    {
        double[] scales = [.. Options.FeatureScales ?? [1]];
        Tensor flat = torch.tensor(scales, dtype: inputs.dtype, device: inputs.device);
        if (scales.Length == 1)
            return flat;
        long features = inputs.numel() / Math.Max(1, inputs.shape[0]);
        OptionsException.Require(scales.Length == features, nameof(Options.FeatureScales), $"{scales.Length} values", $"must hold one value, or one per feature ({features})");
        return flat.view([1, .. inputs.shape[1..]]);
    }

    private Tensor MayChange(Tensor inputs)
    {
        long features = inputs.numel() / Math.Max(1, inputs.shape[0]);
        bool[] may = [.. Enumerable.Repeat(true, (int)features)];
        foreach (int feature in Options.ImmutableFeatures)
        {
            OptionsException.Require(feature < features, nameof(Options.ImmutableFeatures), feature, $"must be below the number of features {features}");
            may[feature] = false;
        }

        return torch.tensor(may, device: inputs.device).view([1, .. inputs.shape[1..]]);
    }

    private static void Check(IDifferentiableClassifier classifier, Tensor inputs, Tensor targets)
    {
        ClassifierInputs.Check(classifier, inputs);
        if (inputs.shape[0] == 0)
            throw new DataException(nameof(inputs), "are empty", "give at least one");
        ClassifierInputs.CheckClasses(classifier, targets, inputs.shape[0], nameof(targets));
    }
}
