using System.Security.Cryptography;
using System.Text;
using Espalier.Models.Caching;

namespace Espalier.Models;

/// <summary>Tells models apart by their weights.</summary>
public static class ModelChecksum
{
    /// <summary>SHA-256 over names, types, shapes and values of all parameters and buffers.</summary>
    /// <param name="module">The model.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public static string Of(torch.nn.Module module)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach ((string name, Tensor tensor) in module.state_dict())
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{name} {tensor.dtype} [{string.Join(",", tensor.shape)}]\n"));
            if (tensor.numel() > 0)
                hash.AppendData(tensor.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The checksum of a classifier, also of one behind a cache or a view of it with less access.</summary>
    /// <param name="classifier">Any classifier.</param>
    /// <returns>64 lower-case hexadecimal digits, or null where the weights are out of sight, such as those of an endpoint.</returns>
    public static string? Of(IClassifier classifier) => classifier switch
    {
        IModelIdentity model => model.Checksum,
        LabelsOnly view => Of(view.Inner),
        ScoresOnly view => Of(view.Inner),
        QueryCache cache => Of(cache.Inner),
        _ => null,
    };

    /// <summary>SHA-256 of a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>64 lower-case hexadecimal digits.</returns>
    public static string OfFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
