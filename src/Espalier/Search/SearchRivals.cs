namespace Espalier.Search;

/// <summary>
/// What genomes under evaluation compete with. A genome that is dominated by as many as a generation has places cannot
/// get one: that many stand in earlier fronts.
/// </summary>
public sealed class SearchRivals
{
    /// <summary>Creates the rivals.</summary>
    /// <param name="objectives">[rivals][objectives].</param>
    /// <param name="places">How many rivals must dominate a genome to make it hopeless, at least 1.</param>
    public SearchRivals(IEnumerable<IReadOnlyList<double>> objectives, int places)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(places, 1);
        Objectives = [.. objectives];
        Places = places;
    }

    /// <summary>The objectives of those already judged, [rivals][objectives].</summary>
    public IReadOnlyList<IReadOnlyList<double>> Objectives { get; }

    /// <summary>How many rivals must dominate a genome to make it hopeless.</summary>
    public int Places { get; }

    /// <summary>Whether a genome need not be evaluated to the end.</summary>
    /// <param name="optimistic">The best objectives that it can still reach.</param>
    public bool IsHopeless(IReadOnlyList<double> optimistic)
    {
        int dominators = 0;
        foreach (IReadOnlyList<double> rival in Objectives)
        {
            if (ParetoFront.Dominates(rival, optimistic) && ++dominators == Places)
                return true;
        }

        return false;
    }

    /// <summary>The same with further rivals, such as genomes of the same generation.</summary>
    /// <param name="pessimistic">Their objectives, or the worst that they can still get; not those of dropped ones.</param>
    public SearchRivals With(IEnumerable<IReadOnlyList<double>> pessimistic) => new(Objectives.Concat(pessimistic), Places);
}
