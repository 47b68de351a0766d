using TorchSharp.Modules;

namespace Espalier.Representation.SelfSupervision;

/// <summary>A linear head on features without a gradient to them: how much of the labels they tell so far.</summary>
internal static class OnlineProbe
{
    /// <summary>The head's loss, summed over the samples, and its right answers on the first view.</summary>
    /// <param name="head">The head, or null for none.</param>
    /// <param name="features">Features of all views, one view after the other, [views · n, d].</param>
    /// <param name="labels">[n].</param>
    public static (Tensor? Loss, Tensor? Correct) Of(Linear? head, Tensor features, Tensor labels)
    {
        if (head is null)
            return (null, null);
        long n = labels.shape[0];
        long views = features.shape[0] / n;
        Tensor logits = head.call(features.detach());
        Tensor loss = torch.nn.functional.cross_entropy(logits, labels.repeat(views), reduction: torch.nn.Reduction.Sum) / views;
        using var noGradients = torch.no_grad();
        return (loss, logits.narrow(0, 0, n).argmax(1).eq(labels).sum());
    }
}
