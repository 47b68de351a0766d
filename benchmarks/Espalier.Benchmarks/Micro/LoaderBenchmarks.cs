using BenchmarkDotNet.Attributes;
using Espalier.Benchmarks.Workload;
using Espalier.Data;
using Espalier.Data.Sampling;

namespace Espalier.Benchmarks.Micro;

/// <summary>
/// Loading a batch: <see cref="Dataset"/>, the same through the loader's thread with nothing to overlap it with,
/// and libtorch's own <c>index_select</c> and conversion. Images per second are the batch over the time.
/// </summary>
public class LoaderBenchmarks : IDisposable
{
    private DigitsTask _digits = null!;
    private Dataset _data = null!;
    private Tensor _raw = null!;
    private Tensor _index = null!;
    private long[][] _orders = null!;
    private double _scale;
    private PrefetchingLoader<LabelledBatch> _loader = null!;
    private IEnumerator<LabelledBatch> _batches = null!;
    private int _next;

    /// <summary>Digits: 8 x 8, batch 256. Images: generated, 28 x 28, batch 128. Both are held as bytes.</summary>
    [Params("digits", "images")]
    public string Source { get; set; } = "digits";

    private int BatchSize => Source == "digits" ? 256 : 128;

    /// <summary>Loads or draws the data.</summary>
    [GlobalSetup]
    public void Load()
    {
        torch.set_num_threads(1);
        _digits = new DigitsTask(256);
        Tensor images = GeneratedImages.Pixels();
        _data = Source == "digits" ? _digits.Train : GeneratedImages.Dataset(images);
        _scale = Source == "digits" ? 1 / 16.0 : 1 / 255.0;
        using LabelledBatch all = _digits.Train.All();
        _raw = Source == "digits" ? all.Inputs.mul(16).to(torch.uint8) : images;
        var stream = new SampleStream(_data.Count, 1);
        _orders = [.. Enumerable.Range(0, 64).Select(i => stream.Take((long)i * BatchSize, BatchSize))];
        _index = torch.tensor(_orders[0], dtype: torch.int64);
        _loader = new PrefetchingLoader<LabelledBatch>(_data.Name, Endless().Select(i => _data.Gather(i, 0)), 4);
        _batches = _loader.GetEnumerator();
        using LabelledBatch gathered = _data.Gather(_orders[0], 0);
        using Tensor selected = Selected();
        if (!gathered.Inputs.bytes.SequenceEqual(selected.bytes))
            throw new InvalidOperationException("what is gathered differs from what libtorch selects: the times would not compare");
    }

    /// <summary>On the calling thread.</summary>
    [Benchmark(Baseline = true)]
    public void Gather()
    {
        using LabelledBatch batch = _data.Gather(_orders[_next++ & 63], 0);
    }

    /// <summary>Through the loader's thread.</summary>
    [Benchmark]
    public void Prefetched()
    {
        _batches.MoveNext();
        _batches.Current.Dispose();
    }

    /// <summary>libtorch: select bytes, convert, scale.</summary>
    [Benchmark]
    public void IndexSelect()
    {
        using var scope = torch.NewDisposeScope();
        Selected();
        _data.Labels.index_select(0, _index);
    }

    /// <summary>Frees everything.</summary>
    [GlobalCleanup]
    public void Dispose()
    {
        _loader.Dispose();
        _index.Dispose();
        _raw.Dispose();
        if (_data != _digits.Train)
            _data.Dispose();
        _digits.Dispose();
        GC.SuppressFinalize(this);
    }

    private Tensor Selected()
    {
        using Tensor bytes = _raw.index_select(0, _index);
        return bytes.to(torch.float32).mul_(_scale);
    }

    private IEnumerable<long[]> Endless()
    {
        for (int i = 0; ; i++)
            yield return _orders[i & 63];
    }
}
