using Espalier.Errors;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// Blends an input with a starting point of another class and finds, by bisection, the blend that only just fools the
/// model; the nearest of several starting points counts. The first thing that attacks on labels do, and the cheapest.
/// </summary>
/// <param name="options">Starts and bisections.</param>
/// <param name="startingPoints">[m, ...]: inputs to start from; the caller's.</param>
/// <exception cref="OptionsException">A value is out of its range.</exception>
public sealed class BlendSearch(BlendSearchOptions? options = null, Tensor? startingPoints = null) : DecisionAttack(options ?? new(), startingPoints)
{
    /// <summary>What the attack was told.</summary>
    public new BlendSearchOptions Options => (BlendSearchOptions)base.Options;

    /// <inheritdoc/>
    public override Attack WithEpsilon(double epsilon) => new BlendSearch(Options with { Epsilon = epsilon }, StartingPoints);

    /// <inheritdoc/>
    public override Attack WithSeed(int seed) => new BlendSearch(Options with { Seed = seed }, StartingPoints);

    private protected override void Approach(DecisionSearch search)
    {
        for (int start = 0; start < Options.Starts && search.KeepUnfinished(1); start++)
        {
            using var scope = torch.NewDisposeScope();
            search.ToBoundary(FindStart(search, start), Options.Bisections);
        }
    }
}
