using Espalier.Errors;
using Espalier.Models;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// Simultaneous perturbation stochastic approximation (Uesato et al., "Adversarial Risk and the Dangers of Evaluating Against
/// Weak Attacks", ICML 2018): the gradient of the margin from differences along random signs, followed with Adam.
/// </summary>
/// <param name="options">Norm, radius, steps, probes; the paper's where null.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class Spsa(SpsaOptions? options = null) : Attack(options ?? new())
{
    private const int RowsAtOnce = 2048;
    private const double Beta1 = 0.9, Beta2 = 0.999, Tiny = 1e-8;

    /// <summary>What the attack was told.</summary>
    public new SpsaOptions Options => (SpsaOptions)base.Options;

    /// <inheritdoc/>
    public override Access Access => Access.Scores;

    /// <inheritdoc/>
    public override double Complexity => Options.Steps * ((2 * Options.Probes) + 1) / 2.0;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new Spsa(Options with { Epsilon = epsilon });

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new Spsa(Options with { Seed = seed });

    internal override void Perturb(AttackedBatch batch)
    {
        using ActiveSamples? active = batch.Activate(Options.Epsilon);
        if (active is null)
            return;
        using var scope = torch.NewDisposeScope();
        RowState x = active.Track(active.Start.clone());
        RowState mean = active.Track(torch.zeros_like(x.Value));
        RowState square = active.Track(torch.zeros_like(x.Value));
        for (int step = 1; step <= Options.Steps; step++)
        {
            batch.CancellationToken.ThrowIfCancellationRequested();
            using var iteration = torch.NewDisposeScope();
            Tensor gradient = Gradient(batch, active, x.Value, step);
            mean.Value = (Beta1 * mean.Value) + ((1 - Beta1) * gradient);
            square.Value = (Beta2 * square.Value) + ((1 - Beta2) * gradient * gradient);
            Tensor move = mean.Value / (1 - Math.Pow(Beta1, step)) / ((square.Value / (1 - Math.Pow(Beta2, step))).sqrt() + Tiny);
            x.Value = active.Region.Project(x.Value + (Options.StepSize * (batch.Scales is { } scales ? move * scales : move)));
            Tensor fooled = batch.Judge(active, x.Value).Fooled;
            if (batch.StopWhenFooled && !active.KeepWhere(fooled.logical_not()))
                return;
        }
    }

    // Chunks bound the memory; what is drawn for a probe does not depend on them.
    private Tensor Gradient(AttackedBatch batch, ActiveSamples active, Tensor x, int step)
    {
        Tensor like = Options.SharesChannels && x.dim() == 4 ? x.narrow(1, 0, 1) : x;
        Tensor Signs(int probe) => batch.Random(active, ((step - 1) * Options.Probes) + probe).Signs(like).expand(x.shape);
        Tensor labels = active.Labels;
        Tensor Loss(Tensor points, long copies) =>
            AttackedBatch.Margin(batch.Target.Scores(points), labels.repeat(copies), active.Targets?.repeat(copies));
        int chunk = Math.Max(1, RowsAtOnce / (2 * active.Count));
        Tensor sum = torch.zeros_like(x, dtype: torch.float64);
        for (int first = 0; first < Options.Probes; first += chunk)
        {
            using var scope = torch.NewDisposeScope();
            int count = Math.Min(chunk, Options.Probes - first);
            Tensor signs = torch.stack([.. Enumerable.Range(first, count).Select(Signs)]);
            Tensor differences = Differences(points => Loss(points, 2 * count), x, signs, Options.Delta, batch.Target.Classifier.Bounds);
            sum.add_(differences.to(torch.float64).sum([0]));
            batch.CountQueries(active, 2 * count);
        }

        return (sum / Options.Probes).to(x.dtype);
    }

    /// <summary>
    /// (L(x+) - L(x-))/(x+ - x-) for each probe, whose mean is the gradient: x± = x ± δ·signs, cut at the bounds; where these
    /// leave no room, 0.
    /// </summary>
    /// <param name="loss">From points [2·probes·n, ...], first all x+, then all x-, to [2·probes·n].</param>
    /// <param name="x">[n, ...].</param>
    /// <param name="signs">[probes, n, ...].</param>
    /// <param name="delta">δ.</param>
    /// <param name="bounds">What points are legal.</param>
    /// <returns>[probes, n, ...].</returns>
    internal static Tensor Differences(Func<Tensor, Tensor> loss, Tensor x, Tensor signs, double delta, InputBounds bounds)
    {
        Tensor above = bounds.Clamp((x + (delta * signs)).flatten(0, 1)), below = bounds.Clamp((x - (delta * signs)).flatten(0, 1));
        Tensor losses = loss(torch.cat([above, below]));
        Tensor rise = losses.narrow(0, 0, above.shape[0]) - losses.narrow(0, above.shape[0], above.shape[0]);
        Tensor run = above - below;
        return (Perturbations.PerSample(rise, run) / run).masked_fill(run.eq(0), 0).view(signs.shape);
    }
}
