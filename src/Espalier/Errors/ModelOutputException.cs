namespace Espalier.Errors;

/// <summary>A model answered with something that is no answer: NaN, infinities, another shape than it promised, no graph to its inputs.</summary>
public sealed class ModelOutputException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="what">Which output, such as <c>the model's logits</c>.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="remedy">What to do.</param>
    /// <param name="inner">The cause.</param>
    public ModelOutputException(string what, string problem, string remedy, Exception? inner = null)
        : base($"{what} {problem}", remedy, inner)
    {
    }
}
