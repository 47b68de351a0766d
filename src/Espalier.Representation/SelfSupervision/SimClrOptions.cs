using Espalier.Errors;
using Espalier.Representation.Heads;
using Espalier.Representation.Losses;

namespace Espalier.Representation.SelfSupervision;

/// <summary>SimCLR's head and temperature.</summary>
public sealed record SimClrOptions
{
    /// <summary>The projector; the paper's has the encoder's width inside, 128 outputs.</summary>
    public ProjectionHeadOptions Projector { get; init; } = new() { HiddenSize = 2048, OutputSize = 128 };

    /// <summary>The temperature of the loss.</summary>
    public NtXentOptions Loss { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Within("projector", Projector.Validate);
        OptionsException.Within("loss", Loss.Validate);
    }
}
