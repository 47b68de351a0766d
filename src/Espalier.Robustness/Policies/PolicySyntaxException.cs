using Espalier.Errors;

namespace Espalier.Robustness.Policies;

/// <summary>The text of an attack policy cannot be read.</summary>
public sealed class PolicySyntaxException : EspalierException
{
    /// <summary>Creates the error.</summary>
    /// <param name="text">The policy.</param>
    /// <param name="position">Where, counted from 0.</param>
    /// <param name="expected">What is expected there.</param>
    public PolicySyntaxException(string text, int position, string expected)
        : base($"the attack policy \"{text}\" cannot be read at character {position + 1}, \"{text[Math.Min(position, text.Length)..Math.Min(position + 12, text.Length)]}\"",
            $"expected {expected}, as in \"mt(eps=1, t=50) -> cw(eps=1, t=125)\" or \"MT-Linf(8/255, 50) -> CW-Linf(8/255, 125)\"") =>
        Position = position;

    /// <summary>Where, counted from 0.</summary>
    public int Position { get; }
}
