namespace Espalier.Robustness;

/// <summary>The best that an attack has found for each sample of a batch. Its tensors live in the batch's scope.</summary>
internal sealed class AttackedBatch
{
    private readonly Tensor _bestLoss;

    public AttackedBatch(Tensor inputs, Tensor fooled)
    {
        Best = inputs.clone();
        Fooled = fooled.clone();
        _bestLoss = torch.full(inputs.shape[0], double.NegativeInfinity, dtype: inputs.dtype, device: inputs.device);
    }

    /// <summary>Per sample, the adversarial input or the one of highest loss, [batch, ...].</summary>
    public Tensor Best { get; }

    /// <summary>Per sample, whether the model is fooled by it, [batch], bool.</summary>
    public Tensor Fooled { get; }

    /// <summary>Takes over the iterates that fool where none did, or that have a higher loss and fool no less.</summary>
    public void Offer(ActiveSamples active, Tensor loss, Tensor fooled)
    {
        Tensor fooledBefore = Fooled.index_select(0, active.Rows);
        Tensor higher = loss.gt(_bestLoss.index_select(0, active.Rows));
        Tensor better = fooled.logical_and(fooledBefore.logical_not()).logical_or(fooled.eq(fooledBefore).logical_and(higher));
        Tensor which = better.nonzero().flatten();
        if (which.numel() == 0)
            return;
        Tensor rows = active.Rows.index_select(0, which);
        Best.index_copy_(0, rows, active.Current.index_select(0, which));
        Fooled.index_copy_(0, rows, fooled.index_select(0, which));
        _bestLoss.index_copy_(0, rows, loss.index_select(0, which));
    }
}
