using Espalier.Data.Augmentation;
using Espalier.Errors;
using Espalier.Representation.Heads;
using Espalier.Representation.Losses;
using Espalier.Training.Loop;

namespace Espalier.Representation.SelfSupervision;

/// <summary>DINO's head, loss and crops; the teacher's momentum is the trainer's EMA.</summary>
public sealed record DinoOptions
{
    /// <summary>The head of both networks.</summary>
    public DinoHeadOptions Head { get; init; } = new();

    /// <summary>Temperatures and centre.</summary>
    public DinoLossOptions Loss { get; init; } = new();

    /// <summary>Number of local crops.</summary>
    public int LocalCrops { get; init; } = 8;

    /// <summary>Height and width of a local crop in pixels; the paper's is 96 of 224.</summary>
    public int LocalSize { get; init; } = 96;

    /// <summary>The local crops' view; the paper's at <see cref="LocalSize"/> where null.</summary>
    public AugmentationOptions? Local { get; init; }

    /// <summary>The head's last layer stays as it is for this long.</summary>
    public Duration FreezeLastLayer { get; init; } = Duration.Epochs(1);

    /// <summary>Checks every value.</summary>
    /// <exception cref="OptionsException">A value is out of range.</exception>
    public void Validate()
    {
        OptionsException.Within("head", Head.Validate);
        OptionsException.Within("loss", Loss.Validate);
        OptionsException.Within("local", () => Local?.Validate());
        OptionsException.Require(LocalCrops >= 0, nameof(LocalCrops), LocalCrops, "must not be negative");
        OptionsException.Require(LocalSize >= 2, nameof(LocalSize), LocalSize, "must be at least 2 pixels");
    }
}
