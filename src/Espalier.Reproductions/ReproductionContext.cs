namespace Espalier.Reproductions;

/// <summary>What a reproduction works with.</summary>
/// <param name="Seeds">How many seeds.</param>
/// <param name="Device">Where tensors live.</param>
/// <param name="Report">Told in a few words what is under way.</param>
/// <param name="CancellationToken">Stops.</param>
public sealed record ReproductionContext(int Seeds, torch.Device Device, Action<string> Report, CancellationToken CancellationToken)
{
    /// <summary>The first of the seeds; the others follow it.</summary>
    public int FirstSeed { get; init; } = 1;

    /// <summary>The seeds.</summary>
    public IEnumerable<int> AllSeeds => Enumerable.Range(FirstSeed, Seeds);

    /// <summary>The seeds for people.</summary>
    internal string SeedsText => Seeds == 1 ? $"seed {FirstSeed}" : $"seeds {FirstSeed} to {FirstSeed + Seeds - 1}";
}
