using Espalier.Networks.Text;

namespace Espalier.Networks.Gmlp;

/// <summary>
/// What a causal gMLP block keeps of the tokens so far: the gate's inputs, keys and values where it attends, and the newest inputs
/// where these are shifted.
/// </summary>
internal sealed class GmlpBlockMemory(long capacity) : BlockMemory
{
    private Tensor? _newest;

    public TokenMemory Gate { get; } = new(capacity);

    public TokenMemory Keys { get; } = new(capacity);

    public TokenMemory Values { get; } = new(capacity);

    protected override IEnumerable<TokenMemory> Parts => [Gate, Keys, Values];

    /// <summary>The inputs before the next tokens, which are remembered in turn.</summary>
    /// <param name="input">[batch, new tokens, d].</param>
    /// <param name="reach">How many are remembered.</param>
    /// <returns>[batch, at most <paramref name="reach"/>, d], in the caller's dispose scope; null before the first.</returns>
    public Tensor? TakeEarlier(Tensor input, int reach)
    {
        Tensor? earlier = _newest?.alias();
        using var scope = torch.NewDisposeScope();
        Tensor all = earlier is null ? input : torch.cat([earlier, input], 1);
        long kept = Math.Min(reach, all.shape[1]);
        Tensor newest = all.narrow(1, all.shape[1] - kept, kept).clone().DetachFromDisposeScope();
        _newest?.Dispose();
        _newest = newest;
        return earlier;
    }

    public override void Dispose()
    {
        base.Dispose();
        _newest?.Dispose();
    }
}
