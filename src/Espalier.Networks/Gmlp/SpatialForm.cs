namespace Espalier.Networks.Gmlp;

/// <summary>How the n x n matrix W that mixes tokens is stored (Liu et al. 2021, section 2.1 and appendix).</summary>
public enum SpatialForm
{
    /// <summary>All n² values are free; the default for images.</summary>
    Dense,

    /// <summary>2n-1 values w, W[i,j] = w[(n-1)+(j-i)]: shift invariant; the default for text.</summary>
    Toeplitz,
}
