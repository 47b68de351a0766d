namespace Espalier.Robustness.Search;

/// <summary>A searched policy: one gene per stage.</summary>
/// <param name="Genes">The stages, in order.</param>
public sealed record PolicyGenome(IReadOnlyList<PolicyGene> Genes)
{
    /// <inheritdoc/>
    public bool Equals(PolicyGenome? other) => other is not null && Genes.SequenceEqual(other.Genes);

    /// <inheritdoc/>
    public override int GetHashCode() => Genes.Aggregate(0, (hash, gene) => HashCode.Combine(hash, gene));
}
