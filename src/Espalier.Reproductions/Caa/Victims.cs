using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Networks.Checkpoints;
using Espalier.Recipes;

namespace Espalier.Reproductions.Caa;

/// <summary>
/// Networks for MNIST with known weights: TRADES' published SmallCNN, one trained plainly, one trained adversarially; with
/// the test images in the order of the file, so that numbers compare.
/// </summary>
internal static class Victims
{
    private const string Folder = "victims-mnist";

    /// <summary>Opens one.</summary>
    /// <param name="name"><c>trades_smallcnn</c>, <c>tiny_std</c> or <c>tiny_at</c>.</param>
    /// <param name="device">Where it shall live.</param>
    /// <exception cref="DataException">The files are not here.</exception>
    public static AuditTarget Open(string name, torch.Device device)
    {
        string file = Path.Combine(DataFolders.FromEnvironment().Local ?? "", Folder, name + ".safetensors");
        if (!File.Exists(file))
            throw new DataException(Folder, "is not here", "set ESPALIER_DATA to a folder that holds it and mnist");
        bool isTrades = name == "trades_smallcnn";
        return AuditTarget.Open(file, new()
        {
            Data = "mnist",
            Architecture = isTrades ? name : "tiny_cnn",
            Layout = isTrades ? CheckpointLayout.TradesSmallCnn : CheckpointLayout.Native,
        }, device);
    }
}
