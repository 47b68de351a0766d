using Espalier.Data.Text;
using Espalier.Errors;

namespace Espalier.Data;

/// <summary>What every source can do by gathering.</summary>
public static class SampleSources
{
    /// <summary>All samples in order, batch by batch, so that no more than one batch is held at a time.</summary>
    /// <param name="source">The source.</param>
    /// <param name="size">Samples of a batch, at least 1.</param>
    /// <returns>Each batch is disposed of when the next one is asked for; the position of a batch is its first index.</returns>
    /// <exception cref="OptionsException">The size is below 1.</exception>
    public static IEnumerable<TBatch> InBatches<TBatch>(this ISampleSource<TBatch> source, int size = 512)
        where TBatch : IBatch
    {
        OptionsException.Require(size >= 1, nameof(size), size, "must be at least 1");
        return Walk(source, size);
    }

    /// <summary>A source whose batches are made into others as they are gathered, such as images into random views of them.</summary>
    /// <param name="source">The source.</param>
    /// <param name="select">Takes a batch over and makes another one of it, on the loader's thread; what is random in it is a function of <see cref="IBatch.Position"/>.</param>
    public static ISampleSource<TTo> Select<TFrom, TTo>(this ISampleSource<TFrom> source, Func<TFrom, TTo> select)
        where TFrom : IBatch
        where TTo : IBatch => new SelectedSource<TFrom, TTo>(source, select);

    /// <summary>The tokens of a data set, without labels.</summary>
    /// <param name="data">Its inputs are tokens.</param>
    /// <exception cref="DataException">Its inputs are no tokens.</exception>
    public static ISampleSource<TokenBatch> Tokens(this Dataset data)
    {
        if (!data.IsTokens)
            throw new DataException(data.Name, "holds numbers, not tokens", "give text");
        return data.Select(b =>
        {
            b.Labels.Dispose();
            return new TokenBatch(b.Inputs) { Position = b.Position };
        });
    }

    private static IEnumerable<TBatch> Walk<TBatch>(ISampleSource<TBatch> source, int size)
        where TBatch : IBatch
    {
        long[] indices = new long[source.IsIndivisible ? checked((int)source.Count) : size];
        for (long start = 0; start < source.Count; start += indices.Length)
        {
            int count = (int)Math.Min(indices.Length, source.Count - start);
            for (int i = 0; i < count; i++)
                indices[i] = start + i;
            using TBatch batch = source.Gather(indices.AsSpan(0, count), start);
            yield return batch;
        }
    }
}
