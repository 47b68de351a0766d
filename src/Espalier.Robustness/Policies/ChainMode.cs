namespace Espalier.Robustness.Policies;

/// <summary>Where the stages of a composite attack begin.</summary>
public enum ChainMode
{
    /// <summary>Each at the highest-margin input that those before it have found: what the paper intends.</summary>
    Best,

    /// <summary>Each at the clean input; any success counts: an ensemble, such as AutoAttack.</summary>
    Union,

    /// <summary>
    /// As the official code of composite attacks runs: every stage but the first once from the clean input and once from
    /// the random start of the stage before it, since that is what the code hands on for an input it failed on.
    /// </summary>
    OfficialRandom,
}
