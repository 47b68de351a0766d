namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// The search for the weight c of the classification loss beside the size of the change, for each sample: tenfold until
/// the model is fooled, then bisection (Carlini and Wagner 2017, section VI.C).
/// </summary>
internal sealed class TradeoffSearch
{
    private readonly Tensor _low;
    private readonly Tensor _high;
    private readonly Tensor _weight;

    /// <param name="count">Samples of the batch.</param>
    /// <param name="initial">The first c.</param>
    /// <param name="like">Gives the type and the device.</param>
    public TradeoffSearch(long count, double initial, Tensor like)
    {
        _weight = torch.full(count, initial, dtype: like.dtype, device: like.device);
        _low = torch.zeros_like(_weight);
        _high = torch.full_like(_weight, double.PositiveInfinity);
    }

    /// <summary>c of samples, [rows].</summary>
    /// <param name="rows">Their positions in the batch.</param>
    public Tensor WeightOf(Tensor rows) => _weight.index_select(0, rows);

    /// <summary>Goes on where the model was fooled with the present c or was not.</summary>
    /// <param name="rows">[rows], positions in the batch.</param>
    /// <param name="fooled">[rows], bool.</param>
    public void Learn(Tensor rows, Tensor fooled)
    {
        using var scope = torch.NewDisposeScope();
        Tensor weight = WeightOf(rows);
        Tensor high = torch.where(fooled, _high.index_select(0, rows).minimum(weight), _high.index_select(0, rows));
        Tensor low = torch.where(fooled, _low.index_select(0, rows), _low.index_select(0, rows).maximum(weight));
        Tensor next = torch.where(high.isfinite(), (low + high) / 2, weight * 10);
        _high.index_copy_(0, rows, high);
        _low.index_copy_(0, rows, low);
        _weight.index_copy_(0, rows, next);
    }
}
