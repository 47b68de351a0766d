using System.Runtime.InteropServices;

namespace Espalier.Distributed;

/// <summary>
/// The functions of MPI that MPI.NET lacks. Its typed layer copies arrays and reduces through delegates, and neither it
/// nor its <c>Unsafe</c> layer has a nonblocking collective or an error handler per communicator; starting, ending,
/// testing and the values of handles are taken from <c>MPI.Unsafe</c>. The name of the library is MPI.NET's too, and <see cref="MpiLibrary"/> maps both.
/// </summary>
internal static partial class MpiNative
{
    public const string Library = "msmpi.dll";

    /// <summary>MPI_IN_PLACE.</summary>
    public const nint InPlace = -1;

    /// <summary>MPI_STATUS_IGNORE.</summary>
    public const nint NoStatus = 1;

    [LibraryImport(Library, EntryPoint = "MPI_Get_library_version")]
    public static partial int GetLibraryVersion([Out] byte[] text, out int length);

    [LibraryImport(Library, EntryPoint = "MPI_Comm_set_errhandler")]
    public static partial int SetErrorHandler(int communicator, int handler);

    [LibraryImport(Library, EntryPoint = "MPI_Iallreduce")]
    public static partial int BeginAllReduce(nint send, nint receive, int count, int type, int operation, int communicator, out int request);

    [LibraryImport(Library, EntryPoint = "MPI_Ibcast")]
    public static partial int BeginBroadcast(nint buffer, int count, int type, int root, int communicator, out int request);

    [LibraryImport(Library, EntryPoint = "MPI_Iallgather")]
    public static partial int BeginAllGather(nint send, int sendCount, int sendType, nint receive, int receiveCount, int receiveType, int communicator, out int request);

    // MPI.NET's own declaration always asks for the status.
    [LibraryImport(Library, EntryPoint = "MPI_Test")]
    public static partial int Test(ref int request, out int done, nint status);
}
