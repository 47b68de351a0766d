namespace Espalier.Onnx.Export;

/// <summary>Inputs on which a function that was inferred from random ones may turn out to be another: a clamp that never fired, a guard at zero.</summary>
internal enum OnnxProbe
{
    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>The least value everywhere.</summary>
    Least,

    /// <summary>The greatest value everywhere.</summary>
    Greatest,

    /// <summary>Random ones times 0.001.</summary>
    Small,

    /// <summary>Random ones times 30.</summary>
    Large,

    /// <summary>Random ones times 1,000.</summary>
    Huge,
}
