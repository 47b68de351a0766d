namespace Espalier.Counterfactuals.Search;

/// <summary>What drives a candidate to its target class.</summary>
public enum ValidityLoss
{
    /// <summary>(p_t - desired)², as Wachter et al. write it; flat where a model is very sure of another class.</summary>
    SquaredProbability,

    /// <summary>
    /// max(0, needed - log(p_t / (1 - p_t))): a hinge on the log-odds of the target, the logit for two classes. Never
    /// flat before the target, and zero beyond it: candidates stop at the boundary. Finds more and nearer counterfactuals
    /// on networks that are very sure.
    /// </summary>
    LogOddsHinge,
}
