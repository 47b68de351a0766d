using Espalier.Data;
using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Anomaly.Outliers;

/// <summary>
/// Made-up outliers to test a detector on, or to choose one by (Hendrycks et al. 2019, appendix A). Drawn on the CPU from a
/// seed: the same seed gives the same outliers on every device.
/// </summary>
public abstract class OutlierGenerator
{
    private static readonly Dictionary<string, Func<OutlierGenerator>> Known = new(StringComparer.Ordinal)
    {
        ["gaussian"] = () => new GaussianNoise(),
        ["rademacher"] = () => new RademacherNoise(),
        ["blobs"] = () => new Blobs(),
        ["pixel-shuffle"] = () => new PixelShuffle(),
        ["textures"] = () => new Textures(),
        ["negative"] = () => new Negative(),
        ["uniform"] = () => new UniformNoise(),
        ["arithmetic-mean"] = () => new ArithmeticMean(),
        ["geometric-mean"] = () => new GeometricMean(),
        ["jigsaw"] = () => new Jigsaw(),
        ["speckle"] = () => new Speckle(),
        ["pixelate"] = () => new Pixelate(),
        ["rgb-ghost"] = () => new RgbGhost(),
        ["inverted-channels"] = () => new InvertedChannels(),
        ["mirrored-digits"] = () => new MirroredDigits(),
    };

    // On [0, 1] Rademacher noise is what papers call Bernoulli noise.
    private static readonly Dictionary<string, string> Synonyms = new(StringComparer.Ordinal) { ["bernoulli"] = "rademacher" };

    private protected OutlierGenerator(string name, OutlierUse use = OutlierUse.Test) => (Name, Use) = (name, use);

    /// <summary>What <see cref="Create"/> can make.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    /// <summary>The generator's name, such as <c>blobs</c>.</summary>
    public string Name { get; }

    /// <summary>Whether its outliers are for reporting or for choosing.</summary>
    public OutlierUse Use { get; }

    /// <summary>Whether outliers are made from in-distribution data.</summary>
    public virtual bool NeedsSource => false;

    /// <summary>Whether files are needed that do not come with the product.</summary>
    public virtual bool NeedsFiles => false;

    /// <summary>Whether only images can be made, inputs of [channels, height, width].</summary>
    private protected virtual bool NeedsImages => false;

    /// <summary>Whether a name is that of a generator.</summary>
    /// <param name="name">Any name.</param>
    public static bool IsKnown(string name) => Known.ContainsKey(name) || Synonyms.ContainsKey(name);

    /// <summary>The names of the generators for one use.</summary>
    /// <param name="use">What the outliers are for.</param>
    public static IReadOnlyList<string> NamesFor(OutlierUse use) => [.. Known.Where(k => k.Value().Use == use).Select(k => k.Key)];

    /// <summary>Makes a generator by name, with its paper's defaults.</summary>
    /// <param name="name">One of <see cref="Names"/>, or <c>bernoulli</c> for <c>rademacher</c>.</param>
    /// <exception cref="NotFoundException">There is no generator of that name.</exception>
    public static OutlierGenerator Create(string name) =>
        Known.TryGetValue(Synonyms.GetValueOrDefault(name, name), out var make) ? make() : throw new NotFoundException("outlier generator", name, Names);

    /// <summary>Whether inputs of a shape can be made.</summary>
    /// <param name="shape">Shape of one input.</param>
    public virtual bool Makes(IReadOnlyList<long> shape) => !NeedsImages || shape.Count == 3;

    /// <summary>Whether outliers can be made from a data set, where they are made from one.</summary>
    /// <param name="source">In-distribution data.</param>
    public virtual bool MakesFrom(Dataset source) => Makes(source.InputShape);

    /// <summary>Generates outliers.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="shape">Shape of one input, such as [channels, height, width].</param>
    /// <param name="bounds">The box of legal inputs, finite; outliers fill it and stay inside.</param>
    /// <param name="seed">The outliers are a function of this seed and the other arguments.</param>
    /// <param name="source">In-distribution data; only where <see cref="NeedsSource"/> says so.</param>
    /// <returns>[count, ...shape], float32, on the CPU or the source's device; in the caller's dispose scope.</returns>
    /// <exception cref="OptionsException">The count is below 1, the bounds are infinite, or the source is missing.</exception>
    /// <exception cref="ShapeException">The generator makes no inputs of that shape.</exception>
    /// <exception cref="DataException">The source, or a file that is needed, does not serve.</exception>
    public Tensor Generate(int count, IReadOnlyList<long> shape, InputBounds bounds, int seed, Dataset? source = null)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        OptionsException.Require(double.IsFinite(bounds.Upper - bounds.Lower), nameof(bounds), bounds.Upper, "must be finite: outliers fill them");
        OptionsException.Require(!NeedsSource || source is not null, nameof(source), null, $"is needed by '{Name}'");
        if (!Makes(shape))
            throw new ShapeException($"an input for '{Name}'", shape, Expected);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(unchecked((ulong)seed));
        return Generate([count, .. shape], bounds, generator, source).MoveToOuterDisposeScope();
    }

    /// <summary>The shapes it makes, for messages.</summary>
    private protected virtual string Expected => "[channels, height, width]";

    /// <param name="shape">[count, ...].</param>
    /// <param name="bounds">Finite.</param>
    /// <param name="generator">Where the draws come from, on the CPU.</param>
    /// <param name="source">In-distribution data where needed.</param>
    private protected abstract Tensor Generate(long[] shape, InputBounds bounds, torch.Generator generator, Dataset? source);

    /// <summary>From [0, 1] to the bounds, feature by feature.</summary>
    private protected static Tensor Scaled(Tensor unit, InputBounds bounds)
    {
        Tensor lower = bounds.LowerTensor(unit);
        // The sum may round to just outside.
        return bounds.Clamp(lower + unit * (bounds.UpperTensor(unit) - lower));
    }

    /// <summary>From the bounds to [0, 1], feature by feature; a feature that cannot vary is 0.</summary>
    private protected static Tensor Unscaled(Tensor inputs, InputBounds bounds)
    {
        Tensor lower = bounds.LowerTensor(inputs);
        Tensor width = bounds.UpperTensor(inputs) - lower;
        return ((inputs - lower) / torch.where(width.gt(0), width, torch.ones_like(width))).clamp(0, 1);
    }

    /// <summary>Some of a data set's inputs in random order; none twice before all were taken.</summary>
    private protected static int[] Drawn(int samples, int count, torch.Generator generator)
    {
        var chosen = new List<int>(count);
        while (chosen.Count < count)
        {
            using Tensor order = torch.randperm(samples, generator: generator);
            chosen.AddRange(order.data<long>().Take(count - chosen.Count).Select(i => (int)i));
        }

        return [.. chosen];
    }
}
