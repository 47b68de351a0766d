using Espalier.Networks.Layers;

namespace Espalier.Networks.Attention;

/// <summary>softmax(q kᵀ/sqrt(a) + bias) v (Vaswani et al. 2017, equation 1).</summary>
internal static class ScaledDotProduct
{
    /// <summary>Attends.</summary>
    /// <param name="query">[..., r, a]; the last r of the c tokens.</param>
    /// <param name="key">[..., c, a].</param>
    /// <param name="value">[..., c, b].</param>
    /// <param name="bias">Added to the scores: broadcasts to [..., r, c]; null is nothing.</param>
    /// <param name="causal">Whether a token sees only itself and those before it.</param>
    /// <param name="dropout">Of the attention weights; null is none.</param>
    /// <returns>[..., r, b].</returns>
    public static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? bias = null, bool causal = false, SampleDropout? dropout = null)
    {
        bool drops = dropout is { training: true, Probability: > 0 };

        // libtorch's fused kernel has no second derivative, which the curvature of a loss needs; without a graph it is faster.
        if (!drops && !torch.is_grad_enabled() && query.dim() == 4)
            return torch.nn.functional.scaled_dot_product_attention(query, key, value, Masked(bias, query, key, causal));
        Tensor scores = (query * (1 / Math.Sqrt(query.shape[^1]))).matmul(key.transpose(-2, -1));
        return Mix(scores, value, Masked(bias, query, key, causal), drops ? dropout : null);
    }

    /// <summary>The values mixed by the softmax of scores.</summary>
    /// <param name="scores">[..., r, c].</param>
    /// <param name="value">[..., c, b].</param>
    /// <param name="mask">Added to the scores; null is nothing.</param>
    /// <param name="dropout">Of the attention weights; null is none.</param>
    public static Tensor Mix(Tensor scores, Tensor value, Tensor? mask, SampleDropout? dropout)
    {
        Tensor weights = (mask is null ? scores : scores + mask).softmax(-1);
        return (dropout is null ? weights : dropout.call(weights)).matmul(value);
    }

    /// <summary>What to add to the scores so that padding is not looked at.</summary>
    /// <param name="mask">[batch, c], 1 = real; null is all.</param>
    /// <returns>[batch, 1, c]: 0 or a large negative number; a token that sees nothing but padding stays finite.</returns>
    public static Tensor? Excluded(Tensor? mask) => mask is null ? null : ((1 - mask.to(torch.float32)) * -1e9).unsqueeze(1);

    /// <summary>A bias with the future masked out.</summary>
    public static Tensor? Masked(Tensor? bias, Tensor query, Tensor key, bool causal)
    {
        long rows = query.shape[^2], columns = key.shape[^2];
        if (!causal || rows == 1)
            return bias?.to(query.dtype);
        Tensor future = torch.full([rows, columns], float.NegativeInfinity, dtype: query.dtype, device: query.device).triu(columns - rows + 1);
        return bias is null ? future : bias.to(query.dtype) + future;
    }
}
