using Espalier.Networks.Text;

namespace Espalier.Networks.Attention;

/// <summary>What a causal Transformer block keeps of the tokens so far: keys and values.</summary>
internal sealed class TransformerBlockMemory(long capacity) : BlockMemory
{
    public TokenMemory Keys { get; } = new(capacity);

    public TokenMemory Values { get; } = new(capacity);

    protected override IEnumerable<TokenMemory> Parts => [Keys, Values];
}
