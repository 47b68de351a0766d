using Espalier.Anomaly.Exposure;
using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Language.Objectives;
using Espalier.Representation.PseudoLabels;
using Espalier.Representation.SelfSupervision;
using Espalier.Robustness.Training;

namespace Espalier.Recipes.Tasks.Objectives;

/// <summary>What the training minimises. Of the sections below, the one of the kind counts.</summary>
public sealed record ObjectiveOptions
{
    /// <summary>What is learned. Without labels, the model must be <c>encoder</c>, and a probe gives it its head.</summary>
    public ObjectiveKind Kind { get; init; }

    /// <summary>For classification: the share of the target that is spread over all classes, in [0, 1).</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>For classification, confidence and adversarial training: how training images are changed at random; not at all where null.</summary>
    public AugmentationOptions? Augmentation { get; init; }

    /// <summary>For classification: Mixup and CutMix of training images; none where null.</summary>
    public MixingOptions? Mixing { get; init; }

    /// <summary>For classification, confidence, density and causal language models: what the model learns to say nothing of; nothing where null.</summary>
    public ExposureOptions? OutlierExposure { get; init; }

    /// <summary>For confidence: its budget and its hints.</summary>
    public ConfidenceBranchOptions Confidence { get; init; } = new();

    /// <summary>For BYOL, SimCLR and DINO: views and how progress is watched.</summary>
    public SelfSupervisionOptions SelfSupervision { get; init; } = new();

    /// <summary>For BYOL: its heads.</summary>
    public ByolOptions Byol { get; init; } = new();

    /// <summary>For SimCLR: its head and temperature.</summary>
    public SimClrOptions SimClr { get; init; } = new();

    /// <summary>For DINO: its head, loss and crops.</summary>
    public DinoOptions Dino { get; init; } = new();

    /// <summary>For pseudo-labels: how many labels there are, and what the teacher is trusted with.</summary>
    public PseudoLabelOptions PseudoLabels { get; init; } = new();

    /// <summary>For adversarial training: the inner attack and the loss.</summary>
    public AdversarialTrainingOptions Adversarial { get; init; } = new();

    /// <summary>For classification of text: the probability that a training token becomes unknown, in [0, 1).</summary>
    public double WordDropout { get; init; }

    /// <summary>For masked language models: which tokens are hidden.</summary>
    public MaskingOptions Masking { get; init; } = new();

    /// <summary>Whether it is a language model's.</summary>
    internal bool IsLanguageModel => Kind is ObjectiveKind.MaskedLanguageModel or ObjectiveKind.CausalLanguageModel;

    /// <summary>Whether its model tells classes apart; else it tells how likely an input is.</summary>
    internal bool HasClasses => !IsLanguageModel && Kind != ObjectiveKind.Density;

    /// <summary>Whether the network has an output more than there are classes.</summary>
    internal bool HasExtraOutput => Kind == ObjectiveKind.Confidence || OutlierExposure is { Loss: OutlierLoss.RejectClass };

    /// <summary>Whether it learns without labels.</summary>
    internal bool IsSelfSupervised => Kind is ObjectiveKind.Byol or ObjectiveKind.SimClr or ObjectiveKind.Dino;

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Require(LabelSmoothing is >= 0 and < 1, nameof(LabelSmoothing), LabelSmoothing, "must lie in [0, 1)");
        OptionsException.Require(WordDropout is >= 0 and < 1, nameof(WordDropout), WordDropout, "must lie in [0, 1)");
        OptionsException.Within("masking", Masking.Validate);
        OptionsException.Require(Augmentation is null || Kind is ObjectiveKind.Classification or ObjectiveKind.Confidence or ObjectiveKind.Adversarial, nameof(Augmentation), "set", "belongs to kinds classification, confidence and adversarial: the others have views");
        OptionsException.Require(Mixing is null || Kind == ObjectiveKind.Classification, nameof(Mixing), "set", "belongs to kind classification");
        OptionsException.Require(LabelSmoothing == 0 || Kind is not (ObjectiveKind.Confidence or ObjectiveKind.Density), nameof(LabelSmoothing), LabelSmoothing, "belongs to kind classification");
        OptionsException.Require(OutlierExposure is null || Kind is ObjectiveKind.Classification or ObjectiveKind.Confidence or ObjectiveKind.Density or ObjectiveKind.CausalLanguageModel, nameof(OutlierExposure), "set",
            "belongs to kinds classification, confidence, density and causalLanguageModel");
        OptionsException.Require(OutlierExposure is null || (Mixing is null && LabelSmoothing == 0 && WordDropout == 0), nameof(OutlierExposure), "set", "excludes mixing, labelSmoothing and wordDropout");
        OptionsException.Require(OutlierExposure is null or { Dataset.Length: > 0 }, "outlierExposure.dataset", OutlierExposure?.Dataset, "must name the outliers");
        OptionsException.Within("outlierExposure", () => OutlierExposure?.ValidateFor(Kind));
        OptionsException.Within("confidence", Confidence.Validate);
        OptionsException.Within("mixing", () => Mixing?.Validate());
        OptionsException.Within("augmentation", () => Augmentation?.Validate());
        OptionsException.Within("selfSupervision", SelfSupervision.Validate);
        OptionsException.Within("byol", Byol.Validate);
        OptionsException.Within("simClr", SimClr.Validate);
        OptionsException.Within("dino", Dino.Validate);
        OptionsException.Within("adversarial", Adversarial.Validate);
        OptionsException.Within("pseudoLabels", PseudoLabels.Validate);
    }
}
