using System.Runtime.InteropServices;
using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// JSMA (Papernot et al., "The Limitations of Deep Learning in Adversarial Settings", EuroS&amp;P 2016, algorithm 3): again
/// and again the two features are moved that raise the wanted class most and lower the others, until the model is fooled
/// or too many features have been changed. Without a target, the likeliest wrong classes are wanted one after the other.
/// </summary>
/// <param name="options">Move, share of features, targets; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class JacobianSaliencyMap(JacobianSaliencyMapOptions? options = null) : MinimumNormAttack(options ?? new())
{
    // Nominal: a tenth of an MNIST image's 784 features in pairs.
    private const double NominalFeatures = 784;

    /// <summary>What the attack was told.</summary>
    public new JacobianSaliencyMapOptions Options => (JacobianSaliencyMapOptions)base.Options;

    private protected override double SearchComplexity => Math.Max(1, Math.Floor(NominalFeatures * Options.MostFeatures / 2)) * 2.5 * Options.Targets;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new JacobianSaliencyMap(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new JacobianSaliencyMap(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        Tensor classes = MultiTargeted.LikeliestWrongClasses(batch, Options.Targets);
        for (int target = 0; target < classes.shape[1]; target++)
            Move(batch, smallest, classes.select(1, target));
    }

    private void Move(AttackedBatch batch, SmallestAdversarials smallest, Tensor aims)
    {
        using var scope = torch.NewDisposeScope();
        using ActiveSamples? active = smallest.Activate();
        if (active is null)
            return;
        Tensor lower = batch.Target.Classifier.Bounds.LowerTensor(active.Start);
        Tensor upper = batch.Target.Classifier.Bounds.UpperTensor(active.Start);
        Tensor range = upper - lower;
        Tensor moves = Options.Theta * torch.where(range.isfinite(), range, torch.ones_like(range));
        RowState aim = active.Track(aims.index_select(0, active.Rows));
        RowState x = active.Track(active.Start.clone());
        int features = (int)(active.Start.numel() / active.Count);
        int pairs = Math.Max(1, (int)(features * Options.MostFeatures / 2));
        for (int pair = 0; pair < pairs; pair++)
        {
            using var one = torch.NewDisposeScope();
            ClassGradients at = ClassGradients.Of(batch, active, x.Value, scores =>
            {
                Tensor wanted = scores.gather(1, aim.Value.unsqueeze(1));
                return torch.cat([wanted, scores.sum([1], keepdim: true) - wanted], 1);
            });
            Tensor end = Options.Theta > 0 ? upper : lower;
            Tensor mayMove = x.Value.ne(end);
            if (batch.Scales is { } scales)
                mayMove = mayMove.logical_and(scales.gt(0));
            Tensor chosen = Chosen(at.Gradients, mayMove.flatten(1));
            Tensor moved = batch.Target.Classifier.Bounds.Clamp(x.Value + chosen.view_as(x.Value).to(x.Value.dtype) * moves);
            Tensor fooled = smallest.Consider(active, moved, Look(batch, active, moved));
            x.Value = moved;
            if (!active.KeepWhere(fooled.logical_not().logical_and(chosen.any(1))))
                return;
        }
    }

    /// <summary>The features to move, [active, features], bool: two in a row, or none.</summary>
    private Tensor Chosen(Tensor gradients, Tensor mayMove)
    {
        using Tensor host = gradients.cpu().to(torch.float32).contiguous();
        using Tensor hostMay = mayMove.cpu().contiguous();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(host.bytes);
        ReadOnlySpan<bool> may = MemoryMarshal.Cast<byte, bool>(hostMay.bytes);
        int features = (int)mayMove.shape[1];
        bool[] chosen = new bool[may.Length];
        for (int row = 0; row * features < may.Length; row++)
        {
            ReadOnlySpan<float> wanted = values.Slice(2 * row * features, features);
            ReadOnlySpan<float> others = values.Slice(((2 * row) + 1) * features, features);
            if (SaliencyPair.Best(wanted, others, may.Slice(row * features, features), Math.Sign(Options.Theta)) is var (first, second))
                chosen[(row * features) + first] = chosen[(row * features) + second] = true;
        }

        return torch.tensor(chosen, device: mayMove.device).view(mayMove.shape);
    }
}
