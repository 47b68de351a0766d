namespace Espalier.Networks.Text;

/// <summary>The states of a recurrent network, [layers, batch, d]: all that it keeps of the tokens so far, and nothing to forget of.</summary>
internal sealed class GruMemory : BlockMemory
{
    public Tensor? State { get; private set; }

    protected override IEnumerable<TokenMemory> Parts => [];

    public void Keep(Tensor state)
    {
        State?.Dispose();
        State = state.DetachFromDisposeScope();
    }

    public override void Dispose()
    {
        State?.Dispose();
        base.Dispose();
    }
}
