using Espalier.Data.Augmentation;
using Espalier.Errors;

namespace Espalier.Representation.SelfSupervision;

/// <summary>The random views of an input that self-supervision compares.</summary>
public sealed record ViewOptions
{
    private const string Custom = "custom";

    /// <summary>
    /// <c>byol</c>, <c>simclr</c> (the papers', for photographs), <c>small-photographs</c> (CIFAR at reduced size),
    /// <c>digits</c> (MNIST), or <c>custom</c> with <see cref="First"/> and <see cref="Second"/>.
    /// </summary>
    public string Preset { get; init; } = "small-photographs";

    /// <summary>Height and width of a view in pixels; those of the data where null.</summary>
    public int? Size { get; init; }

    /// <summary>For <c>custom</c>: the first view.</summary>
    public AugmentationOptions? First { get; init; }

    /// <summary>For <c>custom</c>: the second view; as the first where null.</summary>
    public AugmentationOptions? Second { get; init; }

    /// <summary>The presets by name.</summary>
    public static IReadOnlyList<string> Names { get; } = ["byol", "simclr", "small-photographs", "digits", Custom];

    /// <summary>Checks every value.</summary>
    /// <exception cref="NotFoundException">There is no preset of that name.</exception>
    /// <exception cref="OptionsException">A value is out of its range.</exception>
    public void Validate()
    {
        if (!Names.Contains(Preset))
            throw new NotFoundException("views", Preset, Names);
        OptionsException.Require(Size is null or >= 2, nameof(Size), Size, "must be at least 2 pixels");
        OptionsException.Require(Preset == Custom == First is not null, nameof(First), First is null ? null : "set", Preset == Custom ? "must be given with preset custom" : "belongs to preset custom");
        OptionsException.Require(Second is null || Preset == Custom, nameof(Second), "set", "belongs to preset custom");
        OptionsException.Within("first", () => First?.Validate());
        OptionsException.Within("second", () => Second?.Validate());
    }

    /// <summary>The two views.</summary>
    /// <param name="inputShape">Shape of one input, [channels, height, width].</param>
    /// <exception cref="ShapeException">The inputs are no images.</exception>
    public IReadOnlyList<AugmentationOptions> Of(IReadOnlyList<long> inputShape)
    {
        Validate();
        if (inputShape is not [_, var height, _])
            throw new ShapeException("an input", inputShape, "[channels, height, width]: views are made of images");
        int size = Size ?? (int)height;
        return Preset switch
        {
            "byol" => [AugmentationPresets.ByolFirst(size), AugmentationPresets.ByolSecond(size)],
            "simclr" => [AugmentationPresets.SimClr(size, size <= 32 ? 0.5 : 1), AugmentationPresets.SimClr(size, size <= 32 ? 0.5 : 1)],
            "digits" => [AugmentationPresets.Digits, AugmentationPresets.Digits],
            Custom => [First!, Second ?? First!],
            _ => [Small(), Small()],
        };

        AugmentationOptions Small() => AugmentationPresets.SmallPhotographs with { ResizedCrop = AugmentationPresets.SmallPhotographs.ResizedCrop! with { Size = Size } };
    }
}
