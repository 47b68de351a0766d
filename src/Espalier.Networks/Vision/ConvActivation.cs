namespace Espalier.Networks.Vision;

/// <summary>The nonlinearity of a <see cref="ConvNet"/>.</summary>
public enum ConvActivation
{
    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>x sigmoid(1.702 x), the approximation of the Gaussian error linear unit (Hendrycks and Gimpel 2016).</summary>
    SigmoidGelu,
}
