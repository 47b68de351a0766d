using Espalier.Errors;
using Espalier.Representation.Evaluation;

namespace Espalier.Recipes.Stages;

/// <summary>How an encoder's features are judged: by a linear classifier and by nearest neighbours.</summary>
public sealed record ProbeOptions
{
    /// <summary>The linear probe.</summary>
    public LinearProbeOptions Linear { get; init; } = new();

    /// <summary>The nearest-neighbour probe.</summary>
    public KnnProbeOptions Knn { get; init; } = new();

    /// <summary>Whether to probe raw inputs and an untrained encoder as well, to see what the training is worth.</summary>
    public bool Baselines { get; init; } = true;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Within("linear", Linear.Validate);
        OptionsException.Within("knn", Knn.Validate);
    }
}
