namespace Espalier.Counterfactuals.Search;

/// <summary>
/// The nearest valid candidate of each sample, or where there is none the one most probably of the target. Starts with
/// the inputs themselves, none of them valid. Its tensors live in the batch's scope.
/// </summary>
internal sealed class BestCandidates(Tensor inputs, Tensor logOdds)
{
    private readonly Tensor _cost = torch.zeros_like(logOdds);
    private readonly Tensor _logOdds = logOdds.clone();

    /// <summary>[batch, ...].</summary>
    public Tensor Candidates { get; } = inputs.clone();

    /// <summary>[batch], bool.</summary>
    public Tensor Valid { get; } = torch.zeros_like(logOdds, dtype: torch.@bool);

    /// <summary>Takes over what is valid where nothing was or nearer than what was, else what is more probable.</summary>
    public void Offer(Tensor candidates, Tensor cost, Tensor logOdds, Tensor valid)
    {
        Tensor nearer = valid.logical_and(Valid.logical_not().logical_or(cost.lt(_cost)));
        Tensor likelier = Valid.logical_not().logical_and(logOdds.gt(_logOdds));
        Tensor which = nearer.logical_or(likelier).nonzero().flatten();
        if (which.numel() == 0)
            return;
        Candidates.index_copy_(0, which, candidates.index_select(0, which));
        Valid.index_copy_(0, which, valid.index_select(0, which));
        _logOdds.index_copy_(0, which, logOdds.index_select(0, which));
        _cost.index_copy_(0, which, cost.index_select(0, which));
    }
}
