namespace Espalier.Distributed;

/// <summary>What can be sent.</summary>
internal enum ElementType
{
    Byte,
    Float32,
    Float64,
    Int64,
}
