using Espalier.Errors;

namespace Espalier.Networks.Text;

/// <summary>What stands on top of a network for text.</summary>
public sealed record TextHeadOptions
{
    /// <summary>For a masked language model: what stands before the vocabulary.</summary>
    public MlmHead Mlm { get; init; }

    /// <summary>For classification: how one vector is made of the tokens'.</summary>
    public SequencePooling Pooling { get; init; }

    /// <summary>For classification: probability that a value of that vector is zeroed in training, in [0, 1).</summary>
    public double Dropout { get; init; } = 0.1;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate() =>
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must lie in [0, 1)");
}
