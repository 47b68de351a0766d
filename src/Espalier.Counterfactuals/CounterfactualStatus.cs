namespace Espalier.Counterfactuals;

/// <summary>What became of one explanation.</summary>
public enum CounterfactualStatus
{
    /// <summary>A valid counterfactual was found.</summary>
    Found,

    /// <summary>None was found within the budget; the candidate nearest to the target is given.</summary>
    NotFound,

    /// <summary>The input is of the target class as it is.</summary>
    AlreadyFavourable,
}
