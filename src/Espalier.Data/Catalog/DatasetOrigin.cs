namespace Espalier.Data.Catalog;

/// <summary>Where a data set comes from.</summary>
public enum DatasetOrigin
{
    /// <summary>Part of the library: always there.</summary>
    Embedded,

    /// <summary>Computed from a seed: always there.</summary>
    Generated,

    /// <summary>Files on this machine: under <c>ESPALIER_DATA</c>, or at a path of the user's.</summary>
    Local,

    /// <summary>Files on this machine, or downloaded into the cache from a public address.</summary>
    Download,
}
