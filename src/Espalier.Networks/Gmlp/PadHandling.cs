namespace Espalier.Networks.Gmlp;

/// <summary>How gMLP's blocks treat padding.</summary>
public enum PadHandling
{
    /// <summary>As the paper: pads are tokens like others, and the model learns to ignore them. For inputs padded to one length.</summary>
    None,

    /// <summary>
    /// Pads are zeroed before they are mixed into other tokens, and tiny attention does not look at them: what a real
    /// token becomes depends neither on the pads' content nor on their number.
    /// </summary>
    ZeroGateInput,
}
