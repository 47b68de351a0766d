using Espalier.Errors;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// The Boundary Attack (Brendel et al., "Decision-Based Adversarial Attacks", ICLR 2018), with Foolbox's rule for the step
/// sizes: a random step on the sphere around the input, then a step toward it; kept where it is still adversarial.
/// </summary>
/// <param name="options">Steps and queries; the paper's step sizes where null.</param>
/// <param name="startingPoints">[m, ...]: inputs to start from; the caller's.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class BoundaryAttack(BoundaryAttackOptions? options = null, Tensor? startingPoints = null) : DecisionAttack(options ?? new(), startingPoints)
{
    private const int LookEvery = 10;
    private const int SphereMemory = 100, StepMemory = 30;
    private const double Converged = 1e-7, Tiny = 1e-12;

    /// <summary>What the attack was told.</summary>
    public new BoundaryAttackOptions Options => (BoundaryAttackOptions)base.Options;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new BoundaryAttack(Options with { Epsilon = epsilon }, StartingPoints);

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new BoundaryAttack(Options with { Seed = seed }, StartingPoints);

    private protected override void Approach(DecisionSearch search)
    {
        ActiveSamples active = search.Active;
        search.ToBoundary(FindStart(search), Options.Bisections);
        RowState sphere = active.Track(torch.full_like(search.Distance, Options.SphericalStep));
        RowState source = active.Track(torch.full_like(search.Distance, Options.SourceStep));
        RowState sphereHistory = active.Track(Empty(active, SphereMemory));
        RowState stepHistory = active.Track(Empty(active, StepMemory));
        for (int step = 1; step <= Options.Steps && search.KeepUnfinished(1); step++)
        {
            using var scope = torch.NewDisposeScope();
            if (!search.KeepWhere(source.Value.ge(Converged)))
                return;
            (Tensor onSphere, Tensor candidate) = Propose(search, step, sphere.Value, source.Value);
            Tensor fooled = search.Ask(candidate);
            if (step % LookEvery != 0)
                continue;
            sphereHistory.Value = Remember(sphereHistory.Value, search.Ask(onSphere));
            stepHistory.Value = Remember(stepHistory.Value, fooled);
            Adapt(sphereHistory, 0.2, 0.5, sphere, source);
            Adapt(stepHistory, 0.1, 0.25, source);
        }
    }

    // Both proposals are relative to the nearest adversarial inputs, which become the next to start from.
    private static (Tensor OnSphere, Tensor Candidate) Propose(DecisionSearch search, int step, Tensor sphere, Tensor source)
    {
        ActiveSamples active = search.Active;
        Tensor PerSample(Tensor values) => Perturbations.PerSample(values, active.Clean);
        Tensor Length(Tensor v) => PerSample(Perturbations.Size(Norm.L2, v)) + Tiny;
        Tensor toSource = active.Clean - search.Closest;
        Tensor distance = Length(toSource);
        Tensor direction = toSource / distance;
        Tensor noise = search.Batch.Random(active, step).Normal(active.Clean);
        noise = noise - (direction * PerSample((noise * direction).flatten(1).sum([1])));
        noise = noise * (PerSample(sphere) * distance / Length(noise));
        Tensor onSphere = search.Legal(active.Clean + ((noise - toSource) / (PerSample(sphere).pow(2) + 1).sqrt()));
        Tensor way = active.Clean - onSphere;
        Tensor length = Length(way);
        // Cutting at the bounds has moved the point off the sphere: that much more or less is to go.
        Tensor share = ((PerSample(source) * distance) + length - distance).clamp_min(0) / length;
        return (onSphere, search.Legal(onSphere + (share * way)));
    }

    private static Tensor Empty(ActiveSamples active, int length) =>
        torch.full([active.Count, length], double.NaN, dtype: active.Clean.dtype, device: active.Clean.device);

    private static Tensor Remember(Tensor history, Tensor fooled) =>
        torch.cat([history.narrow(1, 1, history.shape[1] - 1), fooled.to(history.dtype).unsqueeze(1)], 1);

    // A full memory of too many successes lengthens the steps, of too few shortens them, and begins anew.
    private void Adapt(RowState history, double few, double many, params ReadOnlySpan<RowState> steps)
    {
        Tensor rate = history.Value.mean([1]); // no number while it is not full
        (Tensor isHigh, Tensor isLow) = (rate.gt(many), rate.lt(few));
        Tensor factor = torch.where(isHigh, Options.StepAdaptation, torch.where(isLow, 1 / Options.StepAdaptation, 1.0)).to(rate.dtype);
        foreach (RowState step in steps)
            step.Value = step.Value * factor;
        history.Value = history.Value.masked_fill(isHigh.logical_or(isLow).unsqueeze(1), double.NaN);
    }
}
