namespace Espalier.Networks;

/// <summary>What a causal gMLP block keeps of the tokens so far: the gate's inputs, and keys and values where it attends.</summary>
internal sealed class GmlpBlockMemory(long capacity) : BlockMemory
{
    public TokenMemory Gate { get; } = new(capacity);

    public TokenMemory Keys { get; } = new(capacity);

    public TokenMemory Values { get; } = new(capacity);

    protected override IEnumerable<TokenMemory> Parts => [Gate, Keys, Values];
}
