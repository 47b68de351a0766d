using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Attacks.Gradient;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.MinimumNorm;

/// <summary>
/// DeepFool (Moosavi-Dezfooli, Fawzi, Frossard, "DeepFool: A Simple and Accurate Method to Fool Deep Neural Networks", CVPR
/// 2016, algorithm 2): the nearest of the linearised boundaries is stepped onto, until the model is fooled; all steps
/// together are a little overshot.
/// </summary>
/// <param name="options">Norm, steps, classes; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class DeepFool(DeepFoolOptions? options = null) : MinimumNormAttack(options ?? new())
{
    private const double Tiny = 1e-12;
    private const double Beyond = 1e-4;

    /// <summary>What the attack was told.</summary>
    public new DeepFoolOptions Options => (DeepFoolOptions)base.Options;

    private protected override double SearchComplexity => Options.Steps * (Options.Classes - 0.5);

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new DeepFool(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new DeepFool(Options with { Seed = seed });

    private protected override void Search(AttackedBatch batch, SmallestAdversarials smallest)
    {
        using ActiveSamples? active = smallest.Activate();
        if (active is null)
            return;
        var space = new ChangeSpace(batch, active);
        RowState classes = active.Track(MultiTargeted.LikeliestWrongClasses(batch, Options.Classes - 1).index_select(0, active.Rows));
        RowState sum = active.Track(space.None());
        for (int step = 0; step < Options.Steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            Tensor here = space.Inputs((1 + Options.Overshoot) * sum.Value);
            (Tensor lead, Tensor gradient) = ClassGradients.OfLeads(batch, active, here, classes.Value).Scaled(batch.Scales).Nearest(batch.Norm);
            Tensor steepness = ClassGradients.DualSize(batch.Norm, gradient).clamp_min(Tiny);
            Tensor length = (lead.abs() / steepness + Beyond).unsqueeze(1);
            Tensor direction = batch.Norm == Norm.LInf ? gradient.sign() : gradient / steepness.unsqueeze(1);
            sum.Value = sum.Value + (length * direction).view_as(sum.Value);
            Tensor x = space.Inputs((1 + Options.Overshoot) * sum.Value);
            Tensor fooled = smallest.Consider(active, x, Look(batch, active, x));
            if (!active.KeepWhere(fooled.logical_not()))
                return;
        }
    }
}
