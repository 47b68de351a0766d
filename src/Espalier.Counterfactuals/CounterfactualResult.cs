namespace Espalier.Counterfactuals;

/// <summary>One counterfactual per input, and how good each is. Owns <see cref="Counterfactuals"/>.</summary>
public sealed class CounterfactualResult : IDisposable
{
    internal const double ChangedAbove = 1e-5;

    internal CounterfactualResult(Tensor counterfactuals, CounterfactualStatus[] statuses, double[] costs, Tensor changes,
        double[] probabilitiesBefore, double[] probabilitiesAfter, long gradientEvaluations, long queries)
    {
        Counterfactuals = counterfactuals;
        Statuses = statuses;
        Valid = [.. statuses.Select(s => s != CounterfactualStatus.NotFound)];
        Costs = costs;
        ProbabilitiesBefore = probabilitiesBefore;
        ProbabilitiesAfter = probabilitiesAfter;
        GradientEvaluations = gradientEvaluations;
        Queries = queries;
        using var scope = torch.NewDisposeScope();
        Tensor size = changes.flatten(1).abs().cpu().to(torch.float64);
        ChangedFeatures = [.. size.gt(ChangedAbove).sum(1).data<long>().Select(c => (int)c)];
        L1 = size.sum(1).data<double>().ToArray();
        L2 = size.pow(2).sum(1).sqrt().data<double>().ToArray();
        LInf = size.amax([1]).data<double>().ToArray();
    }

    /// <summary>[n, ...], inside the model's bounds, on the inputs' device; for what is not valid, the best candidate.</summary>
    public Tensor Counterfactuals { get; }

    /// <summary>Number of inputs n.</summary>
    public int Count => Statuses.Count;

    /// <summary>Per input: what became of it.</summary>
    public IReadOnlyList<CounterfactualStatus> Statuses { get; }

    /// <summary>Per input: whether the model gives the counterfactual its target.</summary>
    public IReadOnlyList<bool> Valid { get; }

    /// <summary>Share of valid counterfactuals; NaN for none.</summary>
    public double Validity => Valid.Count(v => v) / (double)Count;

    /// <summary>Per input: the distance that was minimised, in feature scales (for L2 the length, not its square).</summary>
    public IReadOnlyList<double> Costs { get; }

    /// <summary>Per input: features that changed by more than 1e-5 (L0).</summary>
    public IReadOnlyList<int> ChangedFeatures { get; }

    /// <summary>Per input: sum of absolute changes, in the inputs' unit.</summary>
    public IReadOnlyList<double> L1 { get; }

    /// <summary>Per input: Euclidean length of the change, in the inputs' unit.</summary>
    public IReadOnlyList<double> L2 { get; }

    /// <summary>Per input: largest change of a feature, in the inputs' unit.</summary>
    public IReadOnlyList<double> LInf { get; }

    /// <summary>Per input: the target's probability for the input.</summary>
    public IReadOnlyList<double> ProbabilitiesBefore { get; }

    /// <summary>Per input: the target's probability for the counterfactual.</summary>
    public IReadOnlyList<double> ProbabilitiesAfter { get; }

    /// <summary>Gradients taken, counted per input.</summary>
    public long GradientEvaluations { get; }

    /// <summary>Inputs sent through the model, with and without gradients.</summary>
    public long Queries { get; }

    /// <summary>Frees the counterfactuals.</summary>
    public void Dispose() => Counterfactuals.Dispose();
}
