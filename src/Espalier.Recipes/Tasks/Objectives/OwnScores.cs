using Espalier.Anomaly.Density;
using Espalier.Anomaly.Detectors;
using Espalier.Anomaly.Exposure;
using Espalier.Networks.Density;
using Espalier.Networks.Text;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>The scores that a model was trained to give, beside those that any classifier has: of its confidence, its reject class, its likelihood.</summary>
internal static class OwnScores
{
    private static readonly (string Name, string Of)[] Known =
    [
        (ExtraOutputDetector.OfConfidence, "kind confidence"),
        (ExtraOutputDetector.OfRejectClass, "outlierExposure.loss rejectClass"),
        (LanguageDetector.Uniform, "kind causalLanguageModel"),
        (LanguageDetector.Bits, "kind causalLanguageModel"),
        (BitsPerDimension.Plain, "kind density"),
        (BitsPerDimension.Corrected, "kind density"),
    ];

    /// <summary>Whether a name is that of such a score, of whatever model.</summary>
    /// <param name="name">Any name.</param>
    public static bool IsKnown(string name) => Known.Any(k => k.Name == name);

    /// <summary>In a recipe's words, which models have a score.</summary>
    /// <param name="name">A known name.</param>
    public static string ModelsOf(string name) => Known.First(k => k.Name == name).Of;

    /// <summary>The names of the scores of an objective's model, the one to take first; none for a plain classifier.</summary>
    /// <param name="objective">What the model was trained by.</param>
    public static IReadOnlyList<string> NamesOf(ObjectiveOptions objective) => objective switch
    {
        { Kind: ObjectiveKind.Confidence } => [ExtraOutputDetector.OfConfidence],
        { HasExtraOutput: true } => [ExtraOutputDetector.OfRejectClass],
        { Kind: ObjectiveKind.Density } => [BitsPerDimension.Plain, BitsPerDimension.Corrected],
        // Bits are the paper's score; of exposed models its code takes the other.
        { Kind: ObjectiveKind.CausalLanguageModel, OutlierExposure: null } => [LanguageDetector.Bits, LanguageDetector.Uniform],
        { Kind: ObjectiveKind.CausalLanguageModel } => [LanguageDetector.Uniform, LanguageDetector.Bits],
        _ => [],
    };

    /// <summary>A score of a model.</summary>
    /// <param name="name">One of <see cref="NamesOf"/>.</param>
    /// <param name="network">The network of the objective; stays the caller's.</param>
    public static IAnomalyDetector Open(string name, Module network) => name switch
    {
        ExtraOutputDetector.OfConfidence => new ExtraOutputDetector((ExtraOutput)network, isConfidence: true),
        ExtraOutputDetector.OfRejectClass => new ExtraOutputDetector((ExtraOutput)network, isConfidence: false),
        LanguageDetector.Uniform => new LanguageDetector((CausalLanguageModel)network),
        LanguageDetector.Bits => new LanguageDetector((CausalLanguageModel)network, LanguageScore.BitsPerToken),
        BitsPerDimension.Plain => new BitsPerDimension((PixelCnn)network),
        _ => new BitsPerDimension((PixelCnn)network) { ForComplexity = true },
    };
}
