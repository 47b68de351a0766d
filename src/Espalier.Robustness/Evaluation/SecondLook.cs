using Espalier.Models;
using Espalier.Robustness.Attacks;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Evaluation;

/// <summary>Judges each claimed adversarial input again: alone, measured anew, by a majority where the model answers at random.</summary>
internal sealed class SecondLook(AttackTarget target, PerturbationOptions options, int passes, bool eightBit)
{
    private const double Slack = 1e-6;
    private const double Levels = 255;

    /// <summary>Looks; what is not confirmed counts as standing.</summary>
    /// <param name="inputs">[n, ...], the clean inputs.</param>
    /// <param name="labels">[n].</param>
    /// <param name="adversarials">[n, ...].</param>
    /// <param name="outcomes">[n]; corrected in place.</param>
    public AdversarialVerification Run(Tensor inputs, Tensor labels, Tensor adversarials, ExampleOutcome[] outcomes)
    {
        using var scope = torch.NewDisposeScope();
        Tensor? scales = options.FeatureScales is { } s ? torch.tensor(s.ToArray(), dtype: inputs.dtype, device: inputs.device).view([1, .. inputs.shape[1..]]) : null;
        (int claimed, int confirmed, int lost, int notLookedAt) = (0, 0, 0, 0);
        for (int i = 0; i < outcomes.Length; i++)
        {
            using var one = torch.NewDisposeScope();
            ExampleOutcome outcome = outcomes[i];
            Tensor clean = inputs.narrow(0, i, 1);
            Tensor adversarial = adversarials.narrow(0, i, 1);
            if (!outcome.Correct || outcome.Stage < 0)
            {
                if (!outcome.Correct)
                    outcomes[i] = outcome with { Predicted = -1 };
                else
                    outcomes[i] = outcome with { Predicted = outcome.Label };
                continue;
            }

            claimed++;
            // Without queries the attack's own look, which was counted as well, stands.
            if (target.Meter.Left < (eightBit ? 2 : 1) * passes)
            {
                notLookedAt++;
                outcomes[i] = outcome with { Predicted = -1 };
                continue;
            }

            int predicted = Predicted(adversarial, outcome.Label);
            bool holds = predicted != outcome.Label && IsLegal(clean, adversarial, scales);
            confirmed += holds ? 1 : 0;
            outcomes[i] = outcome with { Predicted = predicted, Stage = holds ? outcome.Stage : -1 };
            if (holds && eightBit && Predicted(Rounded(clean, adversarial), outcome.Label) == outcome.Label)
                lost++;
        }

        return new AdversarialVerification(claimed, confirmed, eightBit ? lost : null, notLookedAt);
    }

    /// <summary>To k/255 toward the clean input, so that the norm still holds.</summary>
    private static Tensor Rounded(Tensor clean, Tensor adversarial)
    {
        Tensor scaled = adversarial * Levels;
        return torch.where(adversarial.gt(clean), scaled.floor(), scaled.ceil()) / Levels;
    }

    private int Predicted(Tensor input, int label)
    {
        var votes = new Dictionary<int, int>();
        for (int pass = 0; pass < passes; pass++)
        {
            int predicted = (int)target.Predict(input).item<long>();
            votes[predicted] = votes.GetValueOrDefault(predicted) + 1;
        }

        // Most passes must be fooled, not just more than say any one other class.
        return votes.GetValueOrDefault(label) * 2 >= passes ? label : votes.Where(v => v.Key != label).MaxBy(v => v.Value).Key;
    }

    private bool IsLegal(Tensor clean, Tensor adversarial, Tensor? scales)
    {
        double size = Perturbations.Size(options.Norm, adversarial - clean, scales).ToDouble();
        InputBounds bounds = target.Classifier.Bounds;
        bool isInside = (adversarial - bounds.Clamp(adversarial)).abs().max().ToDouble() <= Slack;
        bool holds = scales is null || (adversarial - clean).masked_select(scales.eq(0).expand_as(clean)).abs().sum().ToDouble() == 0;
        return isInside && holds && adversarial.isfinite().all().item<bool>() && size <= (options.Epsilon * (1 + Slack)) + Slack;
    }
}
