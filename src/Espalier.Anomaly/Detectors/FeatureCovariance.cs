using Espalier.Errors;

namespace Espalier.Anomaly.Detectors;

/// <summary>A covariance as the matrix that makes it the identity.</summary>
internal static class FeatureCovariance
{
    /// <summary>The transposed inverse of the Cholesky factor of S + ridge tr(S)/D I, S = (1/n) X'X.</summary>
    /// <param name="centered">X, [n, D], float64, centred.</param>
    /// <param name="ridge">
    /// Relative to the mean variance, so that it means the same for features of any scale: dead units and more dimensions than
    /// samples leave S singular.
    /// </param>
    /// <param name="rule">Whose it is, for messages.</param>
    /// <returns>[D, D]: (z - m) times it has squared length (z - m)' S^-1 (z - m).</returns>
    /// <exception cref="DataException">The features do not vary, or S is singular and there is no ridge.</exception>
    public static Tensor Whitening(Tensor centered, double ridge, string rule)
    {
        long dimensions = centered.shape[1];
        Tensor covariance = centered.t().matmul(centered) / centered.shape[0];
        double mean = covariance.trace().ToDouble() / dimensions;
        if (!(mean > 0))
            throw new DataException("features", "do not vary over the fit samples", $"'{rule}' needs features that differ: name another layer, or mend the model");
        Tensor identity = torch.eye(dimensions, dtype: torch.float64);
        (Tensor factor, Tensor info) = torch.linalg.cholesky_ex(covariance + (identity * (ridge * mean)));
        if (info.ToInt64() != 0)
            throw new DataException("features", "have a singular covariance", $"give '{rule}' a ridge above 0, or more fit samples than the {dimensions} features");
        return torch.linalg.solve(factor, identity).t().contiguous();
    }
}
