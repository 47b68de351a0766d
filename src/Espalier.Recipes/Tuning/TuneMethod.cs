namespace Espalier.Recipes.Tuning;

/// <summary>How values are searched.</summary>
public enum TuneMethod
{
    /// <summary>Independent draws (Bergstra and Bengio 2012).</summary>
    Random,

    /// <summary>Many short trainings, of which the best are trained longer (Jamieson and Talwalkar 2016).</summary>
    SuccessiveHalving,

    /// <summary>A genetic search that keeps what is best in the metric or smaller in weights (NSGA-II, Deb et al. 2002).</summary>
    Nsga2,
}
