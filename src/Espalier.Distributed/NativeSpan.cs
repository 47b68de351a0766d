namespace Espalier.Distributed;

/// <summary>A stretch of memory that stays where it is.</summary>
/// <param name="Address">Of the first element.</param>
/// <param name="Count">How many elements.</param>
internal readonly record struct NativeSpan(nint Address, int Count);
