using Espalier.Errors;

namespace Espalier.Robustness.Corruptions;

/// <summary>The corruptions by name.</summary>
public static class CorruptionCatalog
{
    /// <summary>All of them: noises, blurs, weather, colours, distortions.</summary>
    public static IReadOnlyList<Corruption> All { get; } =
    [
        new GaussianNoise(), new ShotNoise(), new ImpulseNoise(), new SpeckleNoise(),
        new GaussianBlur(), new DefocusBlur(), new GlassBlur(), new MotionBlur(), new ZoomBlur(),
        new Fog(), new Spatter(),
        new Brightness(), new Contrast(), new Saturate(),
        new ElasticTransform(), new Pixelate(), new JpegCompression(),
    ];

    /// <summary>The corruption of a name.</summary>
    /// <param name="name">Such as <c>fog</c>; case does not matter.</param>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public static Corruption Find(string name) =>
        All.FirstOrDefault(c => string.Equals(c.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new NotFoundException("corruption", name, All.Select(c => c.Name));
}
