using Espalier.Errors;
using Espalier.Networks.Layers;

namespace Espalier.Networks.Mlp;

/// <summary>The shape of an <see cref="MlpClassifier"/>.</summary>
public sealed record MlpOptions
{
    /// <summary>Number of input features; null takes the data's.</summary>
    public int? Inputs { get; init; }

    /// <summary>Number of classes; null takes the data's.</summary>
    public int? Classes { get; init; }

    /// <summary>Width of each hidden layer; none makes logistic regression.</summary>
    public IReadOnlyList<int> HiddenSizes { get; init; } = [128, 128];

    /// <summary>Probability that a hidden value is dropped in training, in [0, 1).</summary>
    public double Dropout { get; init; }

    /// <summary>What is subtracted from the inputs first: one value, or one per feature.</summary>
    public IReadOnlyList<double> InputMean { get; init; } = [0];

    /// <summary>What the inputs are then divided by: one value, or one per feature, above zero.</summary>
    public IReadOnlyList<double> InputStd { get; init; } = [1];

    /// <summary>Checks what can be checked without the data.</summary>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        OptionsException.Require(Inputs is null or >= 1, nameof(Inputs), Inputs, "must be at least 1");
        OptionsException.Require(Classes is null or >= 2, nameof(Classes), Classes, "must be at least 2");
        foreach (int size in HiddenSizes)
            OptionsException.Require(size >= 1, nameof(HiddenSizes), size, "must hold widths of at least 1");
        NetworkSize.Require(nameof(HiddenSizes), HiddenSizes.DefaultIfEmpty(1).Max(), HiddenSizes.Count, HiddenSizes.Zip(HiddenSizes.Skip(1).Append(1), (a, b) => (double)a * b).DefaultIfEmpty(0).Max());
        OptionsException.Require(Dropout is >= 0 and < 1, nameof(Dropout), Dropout, "must be at least 0 and below 1");
        Standardization.Validate(InputMean, InputStd, Inputs, "feature");
    }
}
