using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;

namespace Espalier.Communication;

/// <summary>Items of work that do not depend on each other, dealt out to the ranks: trials of a search, parts of an evaluation.</summary>
public static class WorkSharing
{
    private static readonly JsonSerializerOptions Json = new()
    {
        IncludeFields = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>
    /// Does items 0..<paramref name="count"/>-1, of which rank r of W does r, r+W, r+2W and so on; every rank gets all
    /// results. They travel as JSON, in a job of one process too, so that it makes no difference how many ranks there are.
    /// Every rank must call it.
    /// </summary>
    /// <typeparam name="T">A result that System.Text.Json writes and reads again: numbers (NaN and infinities included), texts, records, arrays.</typeparam>
    /// <param name="communicator">The ranks.</param>
    /// <param name="count">How many items, the same on all ranks; at least 0.</param>
    /// <param name="work">Does one item, on the calling thread.</param>
    /// <returns>All results, in the order of the items.</returns>
    /// <exception cref="DistributedException">
    /// An item failed: on every rank the same error, that of the lowest such item, with the original as
    /// <see cref="Exception.InnerException"/> on the rank that met it. A rank that fails does no more items; the others finish theirs first.
    /// </exception>
    /// <exception cref="OperationCanceledException">An item was cancelled on some rank, and none failed.</exception>
    public static IReadOnlyList<T> Map<T>(ICommunicator communicator, int count, Func<int, T> work)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var own = new Share { Count = count };
        ExceptionDispatchInfo? failure = null;
        for (int item = communicator.Rank; item < count; item += communicator.Size)
        {
            try
            {
                own.Results.Add(JsonSerializer.SerializeToElement(work(item), Json));
            }
#pragma warning disable CA1031 // Whatever it is, the other ranks wait in the gathering and must hear of it.
            catch (Exception error)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(error);
                own.FailedItem = item;
                own.Cancelled = error is OperationCanceledException;
                own.Problem = error is EspalierException ? error.Message : $"{error.GetType().Name}: {error.Message.ReplaceLineEndings(" ").TrimEnd('.')}";
                break;
            }
        }

        Share[] shares = [.. communicator.Gather(JsonSerializer.SerializeToUtf8Bytes(own, Json)).Select(b => JsonSerializer.Deserialize<Share>(b, Json)!)];
        RequireSameCount(shares);
        ThrowFirst(shares, communicator.Rank, failure);
        return [.. Enumerable.Range(0, count).Select(i => shares[i % shares.Length].Results[i / shares.Length].Deserialize<T>(Json)!)];
    }

    private static void RequireSameCount(Share[] shares)
    {
        int other = Array.FindIndex(shares, s => s.Count != shares[0].Count);
        if (other >= 0)
        {
            throw new DistributedException("shared work", $"{shares[0].Count} items on rank 0, {shares[other].Count} on rank {other}",
                "start every rank with the same command, files and version");
        }
    }

    private static void ThrowFirst(Share[] shares, int ownRank, ExceptionDispatchInfo? own)
    {
        int[] failed = [.. Enumerable.Range(0, shares.Length).Where(r => shares[r].FailedItem is not null)];
        if (failed.Length == 0)
            return;

        // Cancelling reaches the ranks one by one; that of one rank must not hide the error of another.
        int[] errors = [.. failed.Where(r => !shares[r].Cancelled)];
        if (errors.Length == 0)
        {
            int rank = failed.MinBy(r => shares[r].FailedItem);
            throw new OperationCanceledException($"item {shares[rank].FailedItem} was cancelled on rank {rank}", own?.SourceException);
        }

        int first = errors.MinBy(r => shares[r].FailedItem);
        throw new DistributedException($"item {shares[first].FailedItem} of {shares[first].Count} on rank {first}", shares[first].Problem!,
            "the other ranks stop with it", first == ownRank ? own?.SourceException : null);
    }

    /// <summary>What a rank sends to the others.</summary>
    private sealed class Share
    {
        public int Count { get; set; }

        public List<JsonElement> Results { get; set; } = [];

        public int? FailedItem { get; set; }

        public bool Cancelled { get; set; }

        public string? Problem { get; set; }
    }
}
