using Espalier.Errors;
using Espalier.Networks.Vision;

namespace Espalier.Networks;

/// <summary>
/// Shapes a network of one family so that it has as many parameters as a given network: the fair way to compare two
/// architectures. The depth stays near the one given; the width is searched for.
/// </summary>
public static class ParameterMatcher
{
    /// <summary>The largest difference that counts as a match, relative.</summary>
    public const double Tolerance = 0.02;

    private static readonly int[] DepthChanges = [0, -1, 1, -2, 2];

    private static readonly int[][] StageBlocks = [[1, 2, 1], [2, 1, 1], [2, 2, 1], [1, 1], [2, 2, 2], [1, 1, 1, 1], [3, 3, 3]];

    /// <summary>The families that can be matched.</summary>
    public static IReadOnlyList<string> Families { get; } = ["gmlp", "vit", "mixer", "resmlp", "resnet", "mlp"];

    /// <summary>Finds a shape.</summary>
    /// <param name="family">One of <see cref="Families"/>.</param>
    /// <param name="reference">The model to be matched, whose patches, scaling of pixels and depth are taken over.</param>
    /// <param name="inputShape">[channels, height, width].</param>
    /// <param name="classes">Number of classes.</param>
    /// <returns>Options of the family; the closest found, within <see cref="Tolerance"/>.</returns>
    /// <exception cref="NotFoundException">The family is not one that can be matched.</exception>
    /// <exception cref="OptionsException">No width comes close enough.</exception>
    public static ModelOptions Match(string family, ModelOptions reference, IReadOnlyList<long> inputShape, int classes)
    {
        if (!Families.Contains(family))
            throw new NotFoundException("family", family, Families);
        long target = Count(reference, inputShape, classes);
        ModelOptions shape = Like(family, reference);
        (ModelOptions Options, double Gap)? best = null;
        foreach (ModelOptions candidate in Depths(shape))
        {
            ModelOptions closest = Trimmed(Closest(candidate, target, inputShape, classes), target, inputShape, classes);
            double gap = Math.Abs((double)Count(closest, inputShape, classes) / target - 1);
            if (best is null || gap < best.Value.Gap)
                best = (closest, gap);
            if (best.Value.Gap < Tolerance / 2)
                break;
        }

        OptionsException.Require(best is { Gap: <= Tolerance }, nameof(family), family, $"has no shape within {Tolerance:P0} of the {target:N0} parameters of {reference.Name}: give its section of the model a patch size or depth of its own");
        return best!.Value.Options;
    }

    /// <summary>The parameters of a network.</summary>
    /// <param name="options">Which.</param>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classes">Number of classes.</param>
    public static long Count(ModelOptions options, IReadOnlyList<long> inputShape, int classes)
    {
        using torch.nn.Module model = ModelZoo.Create(options, inputShape, classes, 0);
        return model.parameters().Sum(p => p.numel());
    }

    /// <summary>A family's options with what all families can take over from a model.</summary>
    /// <param name="family">One of <see cref="Families"/>.</param>
    /// <param name="reference">The model.</param>
    public static ModelOptions Like(string family, ModelOptions reference)
    {
        ModelOptions source = ModelPresets.Resolve(reference);
        if (source.Name == family)
            return source;
        (int patch, int? patchWidth, int layers, int width) = source.Name switch
        {
            "gmlp" => (source.Gmlp.PatchSize, source.Gmlp.PatchWidth, source.Gmlp.Layers, source.Gmlp.DModel),
            "vit" => (source.Vit.PatchSize, source.Vit.PatchWidth, source.Vit.Layers, source.Vit.DModel),
            "mixer" => (source.Mixer.PatchSize, source.Mixer.PatchWidth, source.Mixer.Layers, source.Mixer.DModel),
            "resmlp" => (source.ResMlp.PatchSize, source.ResMlp.PatchWidth, source.ResMlp.Layers, source.ResMlp.DModel),
            _ => (source.Vit.PatchSize, source.Vit.PatchWidth, source.Vit.Layers, source.Vit.DModel),
        };
        (IReadOnlyList<double> mean, IReadOnlyList<double> std) = source.Name switch
        {
            "gmlp" => (source.Gmlp.InputMean, source.Gmlp.InputStd),
            "vit" => (source.Vit.InputMean, source.Vit.InputStd),
            "mixer" => (source.Mixer.InputMean, source.Mixer.InputStd),
            "resmlp" => (source.ResMlp.InputMean, source.ResMlp.InputStd),
            "resnet" => (source.ResNet.InputMean, source.ResNet.InputStd),
            _ => (source.Mlp.InputMean, source.Mlp.InputStd),
        };
        int heads = Math.Max(1, width / 16);
        return family switch
        {
            "gmlp" => source with { Name = family, Gmlp = source.Gmlp with { PatchSize = patch, PatchWidth = patchWidth, Layers = layers, DModel = width, DFfn = 6 * width, InputMean = mean, InputStd = std } },
            "vit" => source with { Name = family, Vit = source.Vit with { PatchSize = patch, PatchWidth = patchWidth, Layers = layers, DModel = heads * 16, Heads = heads, Pooling = VitPooling.Mean, InputMean = mean, InputStd = std } },
            "mixer" => source with { Name = family, Mixer = source.Mixer with { PatchSize = patch, PatchWidth = patchWidth, Layers = layers, DModel = width, InputMean = mean, InputStd = std } },
            "resmlp" => source with { Name = family, ResMlp = source.ResMlp with { PatchSize = patch, PatchWidth = patchWidth, Layers = layers, DModel = width, InputMean = mean, InputStd = std } },
            "resnet" => source with { Name = family, ResNet = source.ResNet with { SmallImages = true, Blocks = [1, 1, 1], Width = width, InputMean = mean, InputStd = std } },
            _ => source with { Name = family, Mlp = source.Mlp with { InputMean = mean, InputStd = std } },
        };
    }

    // The shape itself, then shallower and deeper ones.
    private static IEnumerable<ModelOptions> Depths(ModelOptions options) => options.Name switch
    {
        "gmlp" => Layers(options.Gmlp.Layers).Select(l => options with { Gmlp = options.Gmlp with { Layers = l } }),
        "vit" => Layers(options.Vit.Layers).Select(l => options with { Vit = options.Vit with { Layers = l } }),
        "mixer" => Layers(options.Mixer.Layers).Select(l => options with { Mixer = options.Mixer with { Layers = l } }),
        "resmlp" => Layers(options.ResMlp.Layers).Select(l => options with { ResMlp = options.ResMlp with { Layers = l } }),
        "resnet" => StageBlocks.Prepend([.. options.ResNet.Blocks]).Select(b => options with { ResNet = options.ResNet with { Blocks = b } }),
        _ => [options],
    };

    private static IEnumerable<int> Layers(int layers) => DepthChanges.Select(change => layers + change).Where(l => l >= 1);

    // A width of whole channels can be too coarse: the hidden sizes of the blocks take up the rest, up to a fifth of them.
    private static ModelOptions Trimmed(ModelOptions options, long target, IReadOnlyList<long> inputShape, int classes)
    {
        int hidden = options.Name switch
        {
            "gmlp" => options.Gmlp.DFfn,
            "vit" => options.Vit.Hidden,
            "mixer" => options.Mixer.ForChannels,
            "resmlp" => options.ResMlp.ForChannels,
            _ => 0,
        };
        if (hidden == 0)
            return options;
        long count = Count(options, inputShape, classes);
        double slope = (Count(Hidden(options, hidden + 2), inputShape, classes) - count) / 2.0;
        int change = (int)Math.Clamp(Math.Round((target - count) / slope / 2) * 2, -hidden / 5, hidden / 5);
        return change == 0 ? options : Hidden(options, Math.Max(2, hidden + change / 2 * 2));
    }

    private static ModelOptions Hidden(ModelOptions options, int hidden) => options.Name switch
    {
        "gmlp" => options with { Gmlp = options.Gmlp with { DFfn = hidden } },
        "vit" => options with { Vit = options.Vit with { DFfn = hidden } },
        "mixer" => options with { Mixer = options.Mixer with { ChannelHidden = hidden } },
        _ => options with { ResMlp = options.ResMlp with { ChannelHidden = hidden } },
    };

    // Parameters grow with the width: bisect.
    private static ModelOptions Closest(ModelOptions options, long target, IReadOnlyList<long> inputShape, int classes)
    {
        int low = 1, high = 2;
        while (Count(Wide(options, high), inputShape, classes) < target && high < 1 << 14)
            (low, high) = (high, 2 * high);
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            if (Count(Wide(options, middle), inputShape, classes) < target)
                low = middle;
            else
                high = middle;
        }

        ModelOptions below = Wide(options, low), above = Wide(options, high);
        return target - Count(below, inputShape, classes) < Count(above, inputShape, classes) - target ? below : above;
    }

    // The width in steps of what divides it.
    private static ModelOptions Wide(ModelOptions options, int steps) => options.Name switch
    {
        "gmlp" => options with { Gmlp = options.Gmlp with { DModel = steps, DFfn = Math.Max(2, 2 * (int)Math.Round((double)options.Gmlp.DFfn / options.Gmlp.DModel * steps / 2)) } },
        "vit" => options with { Vit = options.Vit with { DModel = steps * options.Vit.Heads } },
        "mixer" => options with { Mixer = options.Mixer with { DModel = steps } },
        "resmlp" => options with { ResMlp = options.ResMlp with { DModel = steps } },
        "resnet" => options with { ResNet = options.ResNet with { Width = steps } },
        _ => options with { Mlp = options.Mlp with { HiddenSizes = [.. options.Mlp.HiddenSizes.Select(_ => steps)] } },
    };
}
