namespace Espalier.Networks.Text;

/// <summary>What a block of a causal model keeps of the tokens so far.</summary>
internal abstract class BlockMemory : IDisposable
{
    protected abstract IEnumerable<TokenMemory> Parts { get; }

    /// <summary>Forgets the oldest tokens.</summary>
    public void Forget(long tokens)
    {
        foreach (TokenMemory part in Parts.Where(p => p.Length > 0))
            part.Forget(tokens);
    }

    public virtual void Dispose()
    {
        foreach (TokenMemory part in Parts)
            part.Dispose();
    }
}
