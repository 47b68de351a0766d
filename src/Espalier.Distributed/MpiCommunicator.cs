using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using Espalier.Communication;
using Espalier.Errors;

namespace Espalier.Distributed;

/// <summary>
/// The ranks of a job that <c>mpiexec</c> started, over MPICH. All MPI calls happen on one thread of its own, so a sum
/// that was begun goes on while the caller computes. Sums have the same bits on every rank, and in every run with the same number of ranks.
/// </summary>
public sealed class MpiCommunicator : ICommunicator
{
    // MPI counts in 32-bit integers. Far below that limit MPICH's sums need as much memory again, which it asks of the
    // system, page by page, for each call: 64 MiB in one piece took 6 times as long as in pieces of this size (16 MiB of float32).
    private const int LongestSpan = 1 << 22;

    private readonly MpiThread _thread;
    private readonly MpiOptions _options;
    private readonly LastWords? _lastWords;
    private readonly SignalWatch _watch;
    private readonly string _token;
    private bool _disposed;
    private bool _claimed;

    private MpiCommunicator(MpiOptions options)
    {
        _options = options;
        _thread = new MpiThread();
        (Rank, Size) = (_thread.Rank, _thread.Size);
        (string[] machines, _token) = Introduce();
        Machines = machines;
        RanksOnThisNode = machines.Count(m => m == machines[Rank]);

        // The shared file is one of rank 0's machine. The ranks of others have nobody to speak for them, but the
        // launcher ends all, and then rank 0's machine speaks; it cannot know which rank was the first.
        if (Size > 1 && machines[Rank] == machines[0])
        {
            // The words' own process keeps the user's standard error.
            _lastWords = LastWords.Prepare(_token, DeathNotice());
            NativeEnvironment.DivertNativeErrors();
        }

        _watch = new SignalWatch(this, options.Grace);
    }

    /// <inheritdoc/>
    public int Rank { get; }

    /// <inheritdoc/>
    public int Size { get; }

    /// <summary>How many ranks run on this rank's machine, itself included.</summary>
    public int RanksOnThisNode { get; }

    /// <summary>The machine of each rank.</summary>
    public IReadOnlyList<string> Machines { get; }

    /// <summary>Joins the job. Once in the life of a process; without a launcher the job has this process alone.</summary>
    /// <param name="options">What to tell the user when a rank dies; the defaults where left out.</param>
    /// <exception cref="DistributedException">MPICH is not installed or does not start, or another MPI's launcher started the process.</exception>
    /// <exception cref="OptionsException">An option is out of range.</exception>
    public static MpiCommunicator Start(MpiOptions? options = null)
    {
        options ??= new MpiOptions();
        options.Validate();
        return new MpiCommunicator(options);
    }

    /// <inheritdoc/>
    /// <exception cref="DistributedException">The tensor cannot be sent, the ranks have come apart, or MPI failed.</exception>
    public void Sum(Tensor values) => Await(Begin(CollectiveKind.Sum, values, 0, outlivesCall: false));

    /// <inheritdoc/>
    /// <exception cref="DistributedException">The tensor cannot be sent; later errors come with the task.</exception>
    public Task BeginSum(Tensor values) => Begin(CollectiveKind.Sum, values, 0, outlivesCall: true)?.Done ?? Task.CompletedTask;

    /// <inheritdoc/>
    /// <exception cref="DistributedException">The ranks have come apart, or MPI failed.</exception>
    public unsafe void Sum(Span<double> values)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Size == 1)
            return;
        fixed (double* first = values)
        {
            Await(_thread.Submit(new Operation(new CollectiveCall(CollectiveKind.Sum, ElementType.Float64, 0, 0, values.Length))
            {
                Spans = values.IsEmpty ? [] : [new NativeSpan((nint)first, values.Length)],
            }));
        }
    }

    /// <inheritdoc/>
    /// <exception cref="DistributedException">The tensor cannot be sent, the ranks have come apart, or MPI failed.</exception>
    public void Broadcast(Tensor values, int root = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(root);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(root, Size);
        Await(Begin(CollectiveKind.Broadcast, values, root, outlivesCall: false));
    }

    /// <inheritdoc/>
    /// <exception cref="DistributedException">The ranks have come apart, or MPI failed.</exception>
    public IReadOnlyList<byte[]> Gather(ReadOnlySpan<byte> own)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Size == 1)
            return [own.ToArray()];
        Operation operation = _thread.Submit(new Operation(new CollectiveCall(CollectiveKind.Gather, ElementType.Byte, 0, 0, own.Length)) { Own = own.ToArray() });
        Await(operation);
        return operation.Gathered;
    }

    /// <inheritdoc/>
    /// <exception cref="DistributedException">The ranks have come apart, or MPI failed.</exception>
    public void Barrier()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Size > 1)
            Await(_thread.Submit(new Operation(new CollectiveCall { Kind = CollectiveKind.Barrier })));
    }

    /// <summary>
    /// Takes the right to tell the user how the job ended: true on one rank, once. An error that all ranks meet is then
    /// printed by one of them. Ranks on other machines than rank 0's each get it.
    /// </summary>
    /// <param name="mayFollowFromAnother">Whether another rank's death may be the cause, such as of an error of MPI: then that rank goes first.</param>
    public bool TryClaimReport(bool mayFollowFromAnother = false) => _lastWords is { } words
        ? mayFollowFromAnother ? words.TryClaimAfterOthers() : words.TryClaim()
        : !_claimed && (_claimed = true);

    /// <summary>
    /// Ends all ranks at once. For an error on this rank, which the user has been told of; where nobody has, this rank
    /// says nothing and no other does.
    /// </summary>
    /// <param name="exitCode">What <c>mpiexec</c> ends with, 1..255.</param>
    [DoesNotReturn]
    public void Abort(int exitCode)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(exitCode, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(exitCode, 255);
        _ = _lastWords?.TryClaim();
        Console.Out.Flush();
        Console.Error.Flush();
        _lastWords?.LetSpeak();
        _lastWords?.Dispose();
        _thread.Abort(exitCode);
        throw new UnreachableException();
    }

    /// <summary>
    /// Leaves the job. Returns when the other ranks leave too; a rank that is still in an operation gets a
    /// <see cref="DistributedException"/> that names this one.
    /// </summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _thread.Leave();
        _watch.Dispose();
        _lastWords?.Dispose();
        if (Rank == 0)
            File.Delete(_token);
    }

    internal MpiThread.Current? UnderWay => _thread.UnderWay;

    /// <summary>The launcher or the user told this rank to end.</summary>
    internal void Told(PosixSignal signal) => _lastWords?.Change($"error: the job was told to end ({signal}) before it was done; {_options.Remedy}");

    /// <summary>Was told to end, and has been waiting for ranks that do not come.</summary>
    internal void GiveUp(PosixSignal signal, CollectiveCall call)
    {
        if (TryClaimReport())
            Console.Error.WriteLine($"error: rank {Rank} of {Size} was told to end ({signal}) and waited {_options.Grace.TotalSeconds:0.#} s for the other ranks (it {call}); {_options.Remedy}");
        Abort(signal == PosixSignal.SIGINT ? 130 : 143);
    }

    private string DeathNotice() => Machines.Distinct().Count() == 1
        ? $"error: rank {Rank} of {Size} (process {Environment.ProcessId}) ended before the job was done; {_options.Remedy}"
        : $"error: one of the {Size} ranks ended before the job was done; {_options.Remedy}";

    /// <summary>Tells the others this rank's machine, and hears theirs and the path of the shared file.</summary>
    private (string[] Machines, string Token) Introduce()
    {
        string token = Rank == 0 ? LastWords.CreateToken() : "";
        string[][] all = [.. Gather(Encoding.UTF8.GetBytes($"{Environment.MachineName}\n{token}")).Select(b => Encoding.UTF8.GetString(b).Split('\n'))];
        return ([.. all.Select(a => a[0])], all[0][1]);
    }

    private static void Await(Operation? operation) => operation?.Done.GetAwaiter().GetResult();

    private Operation? Begin(CollectiveKind kind, Tensor values, int root, bool outlivesCall)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ElementType element = Require(kind, values);
        if (Size == 1)
            return null;
        return _thread.Submit(new Operation(new CollectiveCall(kind, element, root, 0, values.numel()))
        {
            Spans = [.. Spans(values)],
            Keeper = outlivesCall ? values.detach().DetachFromDisposeScope() : null,
        });
    }

    private static ElementType Require(CollectiveKind kind, Tensor values)
    {
        if (values.device_type != DeviceType.CPU)
            throw Refusal(kind, values, $"lies on {values.device}", "copy it to the CPU first");
        if (!values.is_contiguous())
            throw Refusal(kind, values, "is not contiguous", "use its contiguous() copy, and copy the result back");
        return values.dtype switch
        {
            torch.ScalarType.Float32 => ElementType.Float32,
            torch.ScalarType.Float64 => ElementType.Float64,
            torch.ScalarType.Int64 => ElementType.Int64,
            _ => throw Refusal(kind, values, $"is {values.dtype}", "only float32, float64 and int64 can be sent: convert it"),
        };
    }

    private static DistributedException Refusal(CollectiveKind kind, Tensor values, string problem, string remedy) =>
        new($"{kind} over the ranks", $"the tensor of shape [{string.Join(", ", values.shape)}] {problem}", remedy);

    private static List<NativeSpan> Spans(Tensor values)
    {
        var spans = new List<NativeSpan>();
        using Tensor whole = values.detach();
        using Tensor flat = whole.view(-1);
        for (long offset = 0; offset < flat.numel(); offset += LongestSpan)
        {
            int count = (int)Math.Min(LongestSpan, flat.numel() - offset);
            using Tensor part = flat.narrow(0, offset, count);
            spans.Add(new NativeSpan(AddressOf(part), count));
        }

        return spans;
    }

    private static unsafe nint AddressOf(Tensor values)
    {
        fixed (byte* first = values.bytes)
            return (nint)first;
    }
}
