using System.Runtime.InteropServices;
using Espalier.Errors;

namespace Espalier.Models.Caching;

/// <summary>
/// A classifier that is asked for no input twice: answers are kept by the exact bytes of the input, the oldest making way.
/// For models whose answers cost time or money. It gives what the inner classifier gives, but no gradients: these would not
/// be the model's at that input. May be used from several threads; what two ask for at the same moment is asked for twice.
/// </summary>
public abstract class QueryCache : IClassifier
{
    private readonly int _capacity;
    private readonly Dictionary<UInt128, float[]> _answers = [];
    private readonly Queue<UInt128> _ages = new();
    private readonly Lock _lock = new();

    private protected QueryCache(IClassifier classifier, int capacity)
    {
        OptionsException.Require(capacity >= 1, nameof(capacity), capacity, "must be at least 1");
        (Inner, _capacity) = (classifier, capacity);
    }

    /// <summary>Puts a cache around a classifier.</summary>
    /// <param name="classifier">The caller's; one that gives probabilities is asked for these, any other for labels.</param>
    /// <param name="capacity">How many answers are kept.</param>
    /// <returns>An <see cref="IScoringClassifier"/> where <paramref name="classifier"/> is one.</returns>
    /// <exception cref="OptionsException">The capacity is below 1.</exception>
    public static QueryCache Around(IClassifier classifier, int capacity = 100_000) =>
        classifier is IScoringClassifier scoring ? new ScoreCache(scoring, capacity) : new LabelCache(classifier, capacity);

    /// <inheritdoc/>
    public int ClassCount => Inner.ClassCount;

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape => Inner.InputShape;

    /// <inheritdoc/>
    public InputBounds Bounds => Inner.Bounds;

    /// <summary>Inputs that were answered from the cache.</summary>
    public long Hits { get; private set; }

    /// <summary>Inputs that were passed on.</summary>
    public long Misses { get; private set; }

    internal IClassifier Inner { get; }

    /// <inheritdoc/>
    public abstract Tensor Predict(Tensor inputs);

    /// <summary>Answers [batch, width], float32, on the inputs' device.</summary>
    private protected Tensor Answers(Tensor inputs, Func<Tensor, Tensor> ask)
    {
        using var noGradients = torch.no_grad();
        if (inputs.shape[0] == 0)
            return ask(inputs);
        using var scope = torch.NewDisposeScope();
        UInt128[] keys = RowKeys.Of(inputs);
        float[]?[] rows = new float[]?[keys.Length];
        var missing = new Dictionary<UInt128, long>();
        lock (_lock)
        {
            for (int i = 0; i < keys.Length; i++)
            {
                if (_answers.TryGetValue(keys[i], out rows[i]) || !missing.TryAdd(keys[i], i))
                    Hits++;
            }

            Misses += missing.Count;
        }

        // The model is asked outside the lock: others may look up meanwhile.
        Dictionary<UInt128, float[]> news = missing.Count == 0 ? [] : Ask(inputs, missing, ask);
        lock (_lock)
        {
            foreach ((UInt128 key, float[] answer) in news)
                Keep(key, answer);
        }

        for (int i = 0; i < keys.Length; i++)
            rows[i] ??= news[keys[i]];
        return torch.tensor(rows.SelectMany(r => r!).ToArray(), dtype: torch.float32, device: inputs.device).view(keys.Length, -1).MoveToOuterDisposeScope();
    }

    private static Dictionary<UInt128, float[]> Ask(Tensor inputs, Dictionary<UInt128, long> missing, Func<Tensor, Tensor> ask)
    {
        Tensor rows = torch.tensor(missing.Values.ToArray(), device: inputs.device);
        Tensor answers = ask(inputs.index_select(0, rows)).to(torch.float32).cpu().contiguous();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(answers.bytes);
        int width = values.Length / missing.Count;
        var news = new Dictionary<UInt128, float[]>();
        int at = 0;
        foreach (UInt128 key in missing.Keys)
            news[key] = values.Slice(at++ * width, width).ToArray();
        return news;
    }

    private void Keep(UInt128 key, float[] answer)
    {
        if (!_answers.TryAdd(key, answer))
            return;
        _ages.Enqueue(key);
        while (_ages.Count > _capacity)
            _answers.Remove(_ages.Dequeue());
    }
}
