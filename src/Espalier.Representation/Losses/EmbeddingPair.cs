using Espalier.Errors;

namespace Espalier.Representation.Losses;

/// <summary>Two tensors of embeddings whose rows belong together.</summary>
internal static class EmbeddingPair
{
    /// <summary>What a row's norm is at least taken to be, as in PyTorch's <c>normalize</c>.</summary>
    public const double LeastNorm = 1e-12;

    /// <summary>Checks that both are [n, d] with the same n and d.</summary>
    /// <exception cref="ShapeException">They are not.</exception>
    public static void Check(Tensor first, string firstName, Tensor second, string secondName, int atLeast)
    {
        if (first.shape is not [var rows, var width] || rows < atLeast || width < 1)
            throw new ShapeException(firstName, first.shape, $"[n, d] with n at least {atLeast}");
        if (second.shape is not [var otherRows, var otherWidth] || otherRows != rows || otherWidth != width)
            throw new ShapeException(secondName, second.shape, $"[{rows}, {width}], as {firstName} has");
    }

    /// <summary>Each row divided by its own Euclidean norm.</summary>
    /// <param name="rows">[n, d].</param>
    public static Tensor Normalized(Tensor rows) => rows / Norms(rows);

    /// <summary>Euclidean norms of the rows, at least <see cref="LeastNorm"/>, [n, 1].</summary>
    /// <param name="rows">[n, d].</param>
    public static Tensor Norms(Tensor rows) => rows.norm(1, keepdim: true, p: 2).clamp_min(LeastNorm);
}
