namespace Espalier.Counterfactuals.Search;

/// <summary>Gathers a result batch by batch.</summary>
internal sealed class Explanations(Tensor inputs)
{
    private readonly Tensor _counterfactuals = inputs.clone();
    private readonly List<CounterfactualStatus> _statuses = [];
    private readonly List<double> _costs = [];
    private readonly List<double> _before = [];
    private readonly List<double> _after = [];
    private long _queries;
    private long _gradientEvaluations;

    public void Add(Tensor candidates, Tensor favourable, Tensor valid, Tensor cost, Tensor before, Tensor after)
    {
        _counterfactuals.narrow(0, _statuses.Count, candidates.shape[0]).copy_(candidates);
        bool[] already = favourable.cpu().data<bool>().ToArray();
        _statuses.AddRange(valid.cpu().data<bool>().ToArray().Select((found, i) =>
            already[i] ? CounterfactualStatus.AlreadyFavourable : found ? CounterfactualStatus.Found : CounterfactualStatus.NotFound));
        _costs.AddRange(Values(cost));
        _before.AddRange(Values(before));
        _after.AddRange(Values(after));
    }

    public void Count(CandidateSpace space)
    {
        _queries += space.Queries;
        _gradientEvaluations += space.GradientEvaluations;
    }

    /// <summary>The result; its tensor is moved out of the present scope.</summary>
    public CounterfactualResult Result() => new(_counterfactuals.MoveToOuterDisposeScope(), [.. _statuses], [.. _costs],
        _counterfactuals - inputs, [.. _before], [.. _after], _gradientEvaluations, _queries);

    private static double[] Values(Tensor tensor) => tensor.cpu().to(torch.float64).data<double>().ToArray();
}
