using Espalier.Data.Sampling;

namespace Espalier.Data;

/// <summary>The batches of a source, made into others as they are gathered.</summary>
internal sealed class SelectedSource<TFrom, TTo>(ISampleSource<TFrom> source, Func<TFrom, TTo> select) : ISampleSource<TTo>
    where TFrom : IBatch
    where TTo : IBatch
{
    public string Name => source.Name;

    public long Count => source.Count;

    public torch.Device Device => source.Device;

    public string Fingerprint => source.Fingerprint;

    public bool IsIndivisible => source.IsIndivisible;

    public ISampleOrder? Order(int seed) => source.Order(seed);

    public TTo Gather(ReadOnlySpan<long> indices, long position) => select(source.Gather(indices, position));
}
