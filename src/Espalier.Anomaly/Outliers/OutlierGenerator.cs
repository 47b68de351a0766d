using Espalier.Data;
using Espalier.Models;

namespace Espalier.Anomaly;

/// <summary>
/// Made-up outliers to test a detector on (Hendrycks et al. 2019, appendix A). Drawn on the CPU from a seed: the same
/// seed gives the same outliers on every device.
/// </summary>
public abstract class OutlierGenerator
{
    private static readonly Dictionary<string, Func<OutlierGenerator>> Known = new(StringComparer.Ordinal)
    {
        ["gaussian"] = () => new GaussianNoise(),
        ["rademacher"] = () => new RademacherNoise(),
        ["blobs"] = () => new Blobs(),
        ["pixel-shuffle"] = () => new PixelShuffle(),
    };

    private protected OutlierGenerator(string name) => Name = name;

    /// <summary>What <see cref="Create"/> can make.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Keys];

    /// <summary>The generator's name, such as <c>blobs</c>.</summary>
    public string Name { get; }

    /// <summary>Whether outliers are made from in-distribution data.</summary>
    public virtual bool NeedsSource => false;

    /// <summary>Whether only images can be made, inputs of [channels, height, width].</summary>
    private protected virtual bool NeedsImages => false;

    /// <summary>Makes a generator by name, with its paper's defaults.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <exception cref="NotFoundException">There is no generator of that name.</exception>
    public static OutlierGenerator Create(string name) =>
        Known.TryGetValue(name, out var make) ? make() : throw new NotFoundException("outlier generator", name, Names);

    /// <summary>Whether inputs of a shape can be made.</summary>
    /// <param name="shape">Shape of one input.</param>
    public bool Makes(IReadOnlyList<long> shape) => !NeedsImages || shape.Count == 3;

    /// <summary>Generates outliers.</summary>
    /// <param name="count">How many, at least 1.</param>
    /// <param name="shape">Shape of one input, such as [channels, height, width].</param>
    /// <param name="bounds">The box of legal inputs, finite; outliers fill it and stay inside.</param>
    /// <param name="seed">The outliers are a function of this seed and the other arguments.</param>
    /// <param name="source">In-distribution data; only where <see cref="NeedsSource"/> says so.</param>
    /// <returns>[count, ...shape], float32, on the CPU or the source's device; in the caller's dispose scope.</returns>
    /// <exception cref="OptionsException">The count is below 1, the bounds are infinite, or the source is missing.</exception>
    /// <exception cref="ShapeException">The generator makes no inputs of that shape.</exception>
    public Tensor Generate(int count, IReadOnlyList<long> shape, InputBounds bounds, int seed, Dataset? source = null)
    {
        OptionsException.Require(count >= 1, nameof(count), count, "must be at least 1");
        OptionsException.Require(double.IsFinite(bounds.Upper - bounds.Lower), nameof(bounds), bounds.Upper, "must be finite: outliers fill them");
        OptionsException.Require(!NeedsSource || source is not null, nameof(source), null, $"is needed by '{Name}'");
        if (!Makes(shape))
            throw new ShapeException($"an input for '{Name}'", shape, "[channels, height, width]");
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(unchecked((ulong)seed));
        return Generate([count, .. shape], bounds, generator, source).MoveToOuterDisposeScope();
    }

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
}
