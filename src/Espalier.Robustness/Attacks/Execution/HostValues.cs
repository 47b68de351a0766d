using System.Runtime.InteropServices;

namespace Espalier.Robustness.Attacks.Execution;

/// <summary>
/// Values of small tensors, one per sample, in plain memory. What is decided per sample is decided there: a tensor
/// operation on a hundred values costs as much as a loop over ten thousand.
/// </summary>
internal static class HostValues
{
    /// <summary>Integers.</summary>
    /// <param name="values">int64, of any shape.</param>
    public static long[] Longs(Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        return MemoryMarshal.Cast<byte, long>(values.cpu().contiguous().bytes).ToArray();
    }

    /// <summary>Truth values.</summary>
    /// <param name="values">bool, of any shape.</param>
    public static bool[] Booleans(Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        return MemoryMarshal.Cast<byte, bool>(values.detach().cpu().contiguous().bytes).ToArray();
    }

    /// <summary>Numbers, exactly.</summary>
    /// <param name="values">Of any type and shape.</param>
    public static double[] Doubles(Tensor values)
    {
        using var scope = torch.NewDisposeScope();
        Tensor host = values.detach().cpu().contiguous();
        return host.dtype == torch.float32
            ? Array.ConvertAll(MemoryMarshal.Cast<byte, float>(host.bytes).ToArray(), v => (double)v)
            : MemoryMarshal.Cast<byte, double>(host.to(torch.float64).bytes).ToArray();
    }

    /// <summary>Whether all are finite numbers.</summary>
    /// <param name="values">Of any shape.</param>
    public static bool AreFinite(Tensor values)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();

        // A finite sum has finite terms, and costs a third; finite terms may have a sum beyond the largest number.
        return double.IsFinite(values.sum().ToDouble()) || values.isfinite().all().item<bool>();
    }
}
