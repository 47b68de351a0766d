namespace Espalier.Networks.Checkpoints;

/// <summary>What to do with a tensor of a file.</summary>
/// <param name="Target">Its name in the network; null to leave it out.</param>
/// <param name="Note">What is done to it besides the renaming, or why it is left out.</param>
/// <param name="Shape">Its shape in the network, from that in the file; null where it does not change.</param>
internal sealed record TensorMapping(string? Target, string Note = "", Func<long[], long[]>? Shape = null)
{
    public static TensorMapping Ignore(string reason) => new(null, reason);
}
