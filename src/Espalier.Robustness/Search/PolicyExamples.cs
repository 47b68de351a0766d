namespace Espalier.Robustness.Search;

/// <summary>Inputs that a policy is judged on.</summary>
/// <param name="Inputs">[n, ...], inside the model's bounds.</param>
/// <param name="Labels">[n], int64.</param>
public sealed record PolicyExamples(Tensor Inputs, Tensor Labels)
{
    /// <summary>How many.</summary>
    public int Count => (int)Inputs.shape[0];
}
