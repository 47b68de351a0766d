namespace Espalier.Networks.Gmlp;

/// <summary>How the probability to drop a residual branch depends on its depth.</summary>
public enum DropPathMode
{
    /// <summary>The same in every block, as the paper and timm have it.</summary>
    Constant,

    /// <summary>q·l/(L-1) in block l of L: from zero in the first to the full probability in the last.</summary>
    LinearByDepth,
}
