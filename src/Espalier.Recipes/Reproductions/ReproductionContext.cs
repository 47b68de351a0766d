namespace Espalier.Recipes.Reproductions;

/// <summary>What a reproduction works with.</summary>
/// <param name="Seeds">How many seeds, from 1 on.</param>
/// <param name="Device">Where tensors live.</param>
/// <param name="Report">Told in a few words what is under way.</param>
/// <param name="CancellationToken">Stops.</param>
public sealed record ReproductionContext(int Seeds, torch.Device Device, Action<string> Report, CancellationToken CancellationToken);
