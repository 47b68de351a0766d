using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Losses;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.Gradient;

/// <summary>
/// g_{k+1} = μ·g_k + ∇/|∇|₁, with what NI, DI, TI and VMI do to ∇ (caa-attacks.md 2.2 and 2.5).
/// </summary>
internal sealed class AccumulatedDirection : GradientDirection
{
    private const int DiversityPurpose = 1000;
    private const int VariancePurpose = 100_000;

    private readonly MomentumIterativeOptions _options;
    private readonly RowState _accumulated;
    private readonly RowState? _variance;

    public AccumulatedDirection(AttackedBatch batch, ActiveSamples active, AttackObjective objective, MomentumIterativeOptions options)
        : base(batch, active, objective, options)
    {
        _options = options;
        _accumulated = active.Track(torch.zeros_like(active.Start));
        _variance = options.VarianceSamples > 0 ? active.Track(torch.zeros_like(active.Start)) : null;
    }

    public override Ascent Look(Tensor x, int step, bool gradient)
    {
        if (!gradient || !(_options.Nesterov || _options.DiversityProbability > 0 || _options.VarianceSamples > 0))
            return base.Look(x, step, gradient);

        // What counts as fooled is the iterate itself; the gradient is taken elsewhere.
        Verdict verdict = Batch.Judge(Active, x);
        Tensor at = _options.Nesterov ? x + (_options.Epsilon / _options.Steps * _options.Momentum) * Active.Region.Steepest(_accumulated.Value) : x;
        Ascent ascent = Elsewhere(at, step, 0);
        Tensor found = ascent.Gradient!;
        if (_variance is { } variance)
        {
            Tensor corrected = found + variance.Value;
            Tensor mean = torch.zeros_like(found);
            for (int sample = 1; sample <= _options.VarianceSamples; sample++)
            {
                using var scope = torch.NewDisposeScope();
                double reach = _options.VarianceReach * _options.Epsilon;
                Tensor noise = Batch.Random(Active, VariancePurpose + (step * _options.VarianceSamples) + sample).Uniform(at, -reach, reach);
                mean.add_(Elsewhere(at + noise, step, sample).Gradient! / _options.VarianceSamples);
            }

            variance.Value = mean - found;
            found = corrected;
        }

        return new Ascent(verdict, ascent.Loss, found);
    }

    public override Tensor Of(Tensor gradient, int step)
    {
        Tensor smooth = _options.KernelSize > 0 ? Smoothed(gradient) : gradient;
        Tensor size = Perturbations.PerSample(smooth.flatten(1).abs().sum([1]), smooth);
        _accumulated.Value = _options.Momentum * _accumulated.Value + smooth / size.clamp_min(1e-30);
        return Active.Region.Steepest(_accumulated.Value);
    }

    private Ascent Elsewhere(Tensor x, int step, int sample)
    {
        Func<Tensor, Tensor> loss = scores => Active.Targets is { } targets ? Objective.Toward(scores, Active.Labels, targets) : Objective.Away(scores, Active.Labels);
        if (_options.DiversityProbability == 0 || x.dim() != 4)
            return Batch.Climb(Active, x, loss, passes: Options.ExpectationPasses, offer: false);
        using InputDiversity diversity = InputDiversity.Draw(x, _options.DiversityProbability, Batch.Random(Active, DiversityPurpose + (step * (_options.VarianceSamples + 1)) + sample));
        Ascent ascent = Batch.Climb(Active, diversity.Apply(x), loss, passes: Options.ExpectationPasses, offer: false);
        return ascent with { Gradient = diversity.Back(ascent.Gradient!) };
    }

    private Tensor Smoothed(Tensor gradient)
    {
        if (gradient.dim() != 4)
            return gradient;
        long channels = gradient.shape[1];
        Tensor offsets = torch.arange(_options.KernelSize, dtype: gradient.dtype, device: gradient.device) - (_options.KernelSize / 2);
        Tensor line = (-offsets.pow(2) / (2 * _options.KernelSigma * _options.KernelSigma)).exp();
        Tensor kernel = line.outer(line);
        kernel = (kernel / kernel.sum()).expand(channels, 1, _options.KernelSize, _options.KernelSize).contiguous();
        return torch.nn.functional.conv2d(gradient, kernel, padding: [_options.KernelSize / 2, _options.KernelSize / 2], groups: channels);
    }
}
