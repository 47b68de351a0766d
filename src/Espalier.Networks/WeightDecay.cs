namespace Espalier.Networks;

/// <summary>
/// Which parameters of these networks weight decay applies to: matrices and kernels, and the diagonals of a Toeplitz matrix, which
/// are one; not biases, the scales of norms, or the learned tokens and positions of a ViT. A spatial gate's beta above all: decay
/// would pull its gate to zero.
/// </summary>
public static class WeightDecay
{
    private static readonly string[] Exempt = ["bias", "alpha", "beta", "cls_token", "pos_embed"];

    /// <summary>Whether weight decay applies.</summary>
    /// <param name="name">The parameter's name.</param>
    /// <param name="parameter">The parameter.</param>
    public static bool Applies(string name, Tensor parameter) =>
        !Exempt.Contains(name[(name.LastIndexOf('.') + 1)..])
        && (parameter.dim() > 1 || name.EndsWith("gate.proj.weight", StringComparison.Ordinal));
}
