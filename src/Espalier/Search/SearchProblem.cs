using Espalier.Randomness;

namespace Espalier.Search;

/// <summary>
/// What is searched: how a candidate (a <em>genome</em>) is drawn, varied, told from others and judged by one or more
/// objectives, all to be made small. Everything here is a pure function of its arguments, or a search can neither be
/// repeated nor continued.
/// </summary>
/// <typeparam name="TGenome">
/// A candidate, immutable; for a search that keeps its state in a file one that System.Text.Json writes and reads again:
/// numbers, texts, records, arrays.
/// </typeparam>
public abstract class SearchProblem<TGenome>
{
    /// <summary>Number of objectives, at least 1.</summary>
    public abstract int ObjectiveCount { get; }

    /// <summary>
    /// What tells this problem from others, such as its options and the checksums of its model and data: a state that
    /// was written for another is refused.
    /// </summary>
    public abstract string Fingerprint { get; }

    /// <summary>Draws a genome; it is repaired afterwards.</summary>
    /// <param name="random">The only source of chance.</param>
    public abstract TGenome Draw(ref SplitMix64 random);

    /// <summary>Mixes two genomes; the children are mutated and repaired afterwards.</summary>
    /// <param name="first">One parent.</param>
    /// <param name="second">The other.</param>
    /// <param name="random">The only source of chance.</param>
    /// <returns>Two children: what the one takes from one parent, the other takes from the other.</returns>
    public abstract (TGenome First, TGenome Second) Cross(TGenome first, TGenome second, ref SplitMix64 random);

    /// <summary>Changes a genome a little, perhaps not at all; it is repaired afterwards.</summary>
    /// <param name="genome">Remains as it is.</param>
    /// <param name="random">The only source of chance.</param>
    public abstract TGenome Mutate(TGenome genome, ref SplitMix64 random);

    /// <summary>Makes a genome valid that drawing, mixing or mutating has left invalid.</summary>
    /// <param name="genome">Remains as it is.</param>
    public virtual TGenome Repair(TGenome genome) => genome;

    /// <summary>The genome's canonical text: genomes of one text count as the same and are evaluated once.</summary>
    /// <param name="genome">A valid genome.</param>
    public abstract string Key(TGenome genome);

    /// <summary>
    /// Judges genomes. In a job of several ranks every rank calls this with the same arguments and must return the same:
    /// <see cref="Communication.WorkSharing.Map"/> deals the genomes out and does just that.
    /// </summary>
    /// <param name="genomes">Distinct genomes that were never judged before, at least one.</param>
    /// <param name="rivals">
    /// What they compete with. An evaluation in parts may end early, with <see cref="SearchEvaluation.Dropped"/>, where
    /// even the best outcome still possible is <see cref="SearchRivals.IsHopeless"/>.
    /// </param>
    /// <param name="cancellationToken">To be checked as often as is cheap.</param>
    /// <returns>One evaluation per genome, in their order.</returns>
    public abstract IReadOnlyList<SearchEvaluation> Evaluate(IReadOnlyList<TGenome> genomes, SearchRivals rivals, CancellationToken cancellationToken);
}
