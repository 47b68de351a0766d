namespace Espalier.Reproductions;

/// <summary>How to Scale Your EMA (Busbridge et al., NeurIPS 2023).</summary>
public sealed class EmaScalingReproduction : Reproduction
{
    /// <inheritdoc/>
    public override string Name => "ema-scaling";

    /// <inheritdoc/>
    public override string Title => "Any batch size, same training: the EMA scaling rule";

    /// <inheritdoc/>
    public override string Paper => "Busbridge et al., How to Scale Your EMA (2023)";

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Func<ReproductionContext, ReproductionPart> Run)> Parts { get; } =
    [
        ("parabola", NoisyParabola.Run),
        ("supervised", SupervisedScaling.Run),
        ("optimizers", OptimizerScaling.Run),
        ("byol", ByolBatchSizes.Run),
    ];
}
