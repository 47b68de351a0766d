using Espalier.Errors;
using Espalier.Representation.Heads;

namespace Espalier.Representation.SelfSupervision;

/// <summary>BYOL's heads; the target's momentum is the trainer's EMA.</summary>
public sealed record ByolOptions
{
    /// <summary>The projector of both networks.</summary>
    public ProjectionHeadOptions Projector { get; init; } = new();

    /// <summary>The predictor of the online network; its output has the projector's width.</summary>
    public ProjectionHeadOptions Predictor { get; init; } = new();

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Within("projector", Projector.Validate);
        OptionsException.Within("predictor", Predictor.Validate);
        OptionsException.Require(Predictor.OutputSize == Projector.OutputSize, "predictor.outputSize", Predictor.OutputSize, $"must be the projector's ({Projector.OutputSize}): they are compared");
    }
}
