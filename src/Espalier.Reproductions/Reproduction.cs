using Espalier.Errors;

namespace Espalier.Reproductions;

/// <summary>The claims of a paper, measured with this product: the published numbers beside ours.</summary>
public abstract class Reproduction
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Reproduction> All { get; } = [new EmaScalingReproduction(), new GmlpReproduction(), new CaaReproduction(), new OutlierExposureReproduction()];

    /// <summary>The name to run it by.</summary>
    public abstract string Name { get; }

    /// <summary>One line for people.</summary>
    public abstract string Title { get; }

    /// <summary>The paper.</summary>
    public abstract string Paper { get; }

    /// <summary>Its parts by name, in order; each can be run alone.</summary>
    public abstract IReadOnlyList<(string Name, Func<ReproductionContext, ReproductionPart> Run)> Parts { get; }

    /// <summary>Finds one.</summary>
    /// <exception cref="NotFoundException">There is none of that name.</exception>
    public static Reproduction Find(string name) => All.FirstOrDefault(r => r.Name == name) ?? throw new NotFoundException("reproduction", name, All.Select(r => r.Name));
}
