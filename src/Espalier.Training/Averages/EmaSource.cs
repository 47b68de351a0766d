using Espalier.Training.Loop;

namespace Espalier.Training.Averages;

/// <summary>Where the value of one parameter in an average comes from: a slice of the averaged weights, or a frozen parameter as it is.</summary>
internal readonly record struct EmaSource(FlatSlice? Slice, Tensor? Frozen)
{
    /// <summary>The value; the caller's to dispose of.</summary>
    /// <param name="average">The flat averaged weights.</param>
    public Tensor In(Tensor average) => Slice is { } slice ? slice.Of(average) : Frozen!.alias();
}
