using System.Globalization;
using System.Runtime.InteropServices;

namespace Espalier.Distributed;

/// <summary>What a rank is about to do, as it tells the others. The layout is what travels.</summary>
/// <param name="Kind">The operation.</param>
/// <param name="Element">The elements' type, or null-like <see cref="ElementType.Byte"/> where there are none.</param>
/// <param name="Root">Whose values, of a broadcast.</param>
/// <param name="Reserved">Zero; fills the 8 bytes.</param>
/// <param name="Count">How many elements.</param>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct CollectiveCall(CollectiveKind Kind, ElementType Element, int Root, int Reserved, long Count)
{
    /// <summary>Whether the ranks' calls belong together: the lengths of a gathering are each rank's own affair.</summary>
    public bool Fits(CollectiveCall other) =>
        Kind == other.Kind && (Kind == CollectiveKind.Gather || (Element == other.Element && Root == other.Root && Count == other.Count));

    /// <summary>What it does, to follow "rank 1".</summary>
    public override string ToString() => Kind switch
    {
        CollectiveKind.Sum => $"adds up {Values}",
        CollectiveKind.Broadcast => $"broadcasts {Values} of rank {Root}",
        CollectiveKind.Gather => "gathers bytes",
        CollectiveKind.Barrier => "waits at a barrier",
        _ => "leaves the job",
    };

    private string Values => string.Create(CultureInfo.InvariantCulture, $"{Count:#,0} {Element switch
    {
        ElementType.Float32 => "float32",
        ElementType.Float64 => "float64",
        ElementType.Int64 => "int64",
        _ => "bytes",
    }}");
}
