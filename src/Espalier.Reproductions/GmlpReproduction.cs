using Espalier.Reproductions.Gmlp;

namespace Espalier.Reproductions;

/// <summary>Pay Attention to MLPs (Liu et al., NeurIPS 2021).</summary>
public sealed class GmlpReproduction : Reproduction
{
    /// <inheritdoc/>
    public override string Name => "gmlp";

    /// <inheritdoc/>
    public override string Title => "Text and images without attention: gMLP";

    /// <inheritdoc/>
    public override string Paper => "Liu et al., Pay Attention to MLPs (2021)";

    /// <inheritdoc/>
    public override IReadOnlyList<(string Name, Func<ReproductionContext, ReproductionPart> Run)> Parts { get; } =
    [
        ("ablation", GateAblation.Run),
        ("spatial", TextRivals.Spatial),
        ("transformer", TextRivals.Transformers),
        ("longer", TextRivals.Longer),
        ("causal", CausalShakespeare.Run),
        ("sentiment", SentimentFineTuning.Run),
        ("decoding", DecodingSpeed.Run),
        ("images", GmlpImages.Run),
    ];
}
