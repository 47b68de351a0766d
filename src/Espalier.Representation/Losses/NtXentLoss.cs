using Espalier.Errors;
using static TorchSharp.torch.nn;

namespace Espalier.Representation.Losses;

/// <summary>
/// SimCLR's normalised-temperature cross-entropy (Chen et al., ICML 2020, equation 1). Of 2n embeddings each is an anchor
/// that must find its other view among the 2n-1 others by its cosine over T. The loss is summed over the anchors; it does
/// not decompose over samples, so that micro-batches need its gradient with respect to the embeddings
/// (<see cref="LossAndGradient"/>; Gao et al., 2101.06983).
/// </summary>
public sealed class NtXentLoss
{
    // Similarities in a block: few enough for the processor's cache, enough to keep a matrix product busy.
    private const long BlockSize = 1 << 22;

    private readonly double _temperature;
    private readonly long _most;

    /// <summary>Creates the loss.</summary>
    /// <param name="options">Temperature and block size.</param>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public NtXentLoss(NtXentOptions options)
    {
        options.Validate();
        Options = options;
        (_temperature, _most) = (options.Temperature, options.MaxEmbeddingsAtOnce);
    }

    /// <summary>Temperature and block size.</summary>
    public NtXentOptions Options { get; }

    /// <summary>The number of anchors: what the sum is divided by for the paper's mean.</summary>
    /// <param name="samples">n, the number of samples.</param>
    /// <returns>2n.</returns>
    public static double Weight(long samples) => 2.0 * samples;

    /// <summary>
    /// The loss with its graph. Above <see cref="NtXentOptions.MaxEmbeddingsAtOnce"/> embeddings the gradient is computed
    /// together with the loss, in blocks, and can be differentiated once only.
    /// </summary>
    /// <param name="first">Embeddings of the samples' first views, [n, d], n at least 2, of any norm.</param>
    /// <param name="second">Embeddings of their second views, [n, d].</param>
    /// <returns>A scalar: the sum over the 2n anchors.</returns>
    /// <exception cref="ShapeException">The tensors are not both [n, d], or n is below 2.</exception>
    public Tensor Sum(Tensor first, Tensor second)
    {
        EmbeddingPair.Check(first, nameof(first), second, nameof(second), atLeast: 2);
        return 2 * first.shape[0] > _most ? Blockwise.apply(first, second, this) : SumAtOnce(first, second);
    }

    /// <summary>The loss and its gradient in closed form, without a graph.</summary>
    /// <param name="first">Embeddings of the samples' first views, [n, d], n at least 2, of any norm.</param>
    /// <param name="second">Embeddings of their second views, [n, d].</param>
    /// <returns>The sum over the 2n anchors, and its gradients, each [n, d], which belong to the caller's dispose scope.</returns>
    /// <exception cref="ShapeException">The tensors are not both [n, d], or n is below 2.</exception>
    public (double Loss, Tensor GradFirst, Tensor GradSecond) LossAndGradient(Tensor first, Tensor second)
    {
        EmbeddingPair.Check(first, nameof(first), second, nameof(second), atLeast: 2);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long n = first.shape[0], all = 2 * n;
        Tensor raw = torch.cat([first.detach(), second.detach()]); // [2n, d]
        Tensor norms = EmbeddingPair.Norms(raw);
        Tensor z = raw / norms;
        Tensor gradient = torch.zeros_like(z);
        Tensor indices = torch.arange(all, dtype: torch.int64, device: z.device);
        Tensor partners = (indices + n).remainder(all);
        Tensor excluded = torch.full_like(norms, double.NegativeInfinity);
        double loss = 0;
        long rows = all <= _most ? all : Math.Max(1, Math.Min(_most * _most, BlockSize) / all);
        for (long start = 0; start < all; start += rows)
        {
            using var block = torch.NewDisposeScope();
            long count = Math.Min(rows, all - start);
            Tensor anchors = z.narrow(0, start, count); // [r, d]
            Tensor self = indices.narrow(0, start, count).unsqueeze(1), partner = partners.narrow(0, start, count).unsqueeze(1);
            Tensor logits = anchors.mm(z.t()).div_(_temperature); // [r, 2n]
            logits.scatter_(1, self, excluded.narrow(0, start, count));
            Tensor normalizer = logits.logsumexp(1, keepdim: true); // [r, 1]
            loss += (normalizer - logits.gather(1, partner)).sum(torch.float64).ToDouble();
            // The derivative by the logits: softmax less the one at the partner.
            Tensor derivative = logits.sub_(normalizer).exp_();
            derivative.scatter_add_(1, partner, torch.full_like(normalizer, -1));
            gradient.narrow(0, start, count).add_(derivative.mm(z));
            gradient.add_(derivative.t().mm(anchors));
        }

        gradient.div_(_temperature);
        // Back through the division by the norm: the part along z falls away, unless the norm was too small to count.
        Tensor along = (gradient * z).sum(1, keepdim: true) * norms.gt(EmbeddingPair.LeastNorm);
        gradient.sub_(z * along).div_(norms);
        return (loss, gradient.narrow(0, 0, n).clone().MoveToOuterDisposeScope(), gradient.narrow(0, n, n).clone().MoveToOuterDisposeScope());
    }

    private Tensor SumAtOnce(Tensor first, Tensor second)
    {
        long n = first.shape[0];
        Tensor z = EmbeddingPair.Normalized(torch.cat([first, second])); // [2n, d]
        Tensor self = torch.eye(2 * n, dtype: torch.@bool, device: z.device);
        Tensor logits = (z.mm(z.t()) / _temperature).masked_fill(self, double.NegativeInfinity); // [2n, 2n]
        Tensor partners = (torch.arange(2 * n, dtype: torch.int64, device: z.device) + n).remainder(2 * n);
        return functional.cross_entropy(logits, partners, reduction: Reduction.Sum);
    }

    private sealed class Blockwise : torch.autograd.SingleTensorFunction<Blockwise>
    {
        public override string Name => nameof(NtXentLoss);

        public override Tensor forward(torch.autograd.AutogradContext context, params object[] inputs)
        {
            (Tensor first, Tensor second) = ((Tensor)inputs[0], (Tensor)inputs[1]);
            (double loss, Tensor gradFirst, Tensor gradSecond) = ((NtXentLoss)inputs[2]).LossAndGradient(first, second);
            context.save_for_backward([gradFirst, gradSecond]);
            return torch.tensor(loss, dtype: first.dtype, device: first.device);
        }

        public override List<Tensor> backward(torch.autograd.AutogradContext context, Tensor gradOutput)
        {
            List<Tensor> saved = context.get_saved_variables();
            return [saved[0] * gradOutput, saved[1] * gradOutput, null!];
        }
    }
}
