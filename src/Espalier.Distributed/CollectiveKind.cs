namespace Espalier.Distributed;

/// <summary>The operations of a communicator.</summary>
internal enum CollectiveKind
{
    Barrier,
    Sum,
    Broadcast,
    Gather,
    Leave,
}
