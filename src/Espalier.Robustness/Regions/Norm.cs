namespace Espalier.Robustness.Regions;

/// <summary>How the size of a perturbation is measured.</summary>
public enum Norm
{
    /// <summary>The largest change of any feature.</summary>
    LInf,

    /// <summary>The Euclidean length of the change.</summary>
    L2,

    /// <summary>The sum of the changes of all features.</summary>
    L1,

    /// <summary>The number of pixels that change, however far: of images places with all their channels, of other inputs features.</summary>
    L0,
}
