using Espalier.Errors;
using Espalier.Networks.Encoders;
using Espalier.Representation.Evaluation;

namespace Espalier.Representation.SelfSupervision;

/// <summary>What all self-supervised objectives share: encoder, views, and how progress is watched.</summary>
public sealed record SelfSupervisionOptions
{
    /// <summary>The encoder that is trained.</summary>
    public EncoderOptions Encoder { get; init; } = new();

    /// <summary>The random views.</summary>
    public ViewOptions Views { get; init; } = new();

    /// <summary>Whether a linear head learns the labels on features without a gradient to the encoder, to watch progress. Changes nothing in the encoder.</summary>
    public bool OnlineProbe { get; init; } = true;

    /// <summary>The nearest-neighbour probe of each evaluation.</summary>
    public KnnProbeOptions Knn { get; init; } = new();

    /// <summary>How many training samples the nearest neighbours are looked for among, at most.</summary>
    public int KnnBank { get; init; } = 5000;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Within("encoder", Encoder.Validate);
        OptionsException.Within("views", Views.Validate);
        OptionsException.Within("knn", Knn.Validate);
        OptionsException.Require(KnnBank >= 1, nameof(KnnBank), KnnBank, "must be at least 1");
    }
}
