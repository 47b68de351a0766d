namespace Espalier.Training.Loop;

/// <summary>One parameter's place in a flat buffer.</summary>
/// <param name="Name">The parameter's name in the module.</param>
/// <param name="Offset">First element.</param>
/// <param name="Shape">The parameter's shape.</param>
/// <param name="Decays">Whether weight decay applies to it.</param>
public sealed record FlatSlice(string Name, long Offset, IReadOnlyList<long> Shape, bool Decays)
{
    /// <summary>Number of elements.</summary>
    public long Length { get; } = Shape.Aggregate(1L, static (a, b) => a * b);

    /// <summary>The view of this parameter in a flat buffer.</summary>
    /// <param name="flat">[total].</param>
    public Tensor Of(Tensor flat)
    {
        using Tensor range = flat.narrow(0, Offset, Length);
        return range.view([.. Shape]);
    }
}
