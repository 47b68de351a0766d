using Espalier.Randomness;
using Espalier.Robustness.Attacks.Execution;
using Espalier.Robustness.Regions;

namespace Espalier.Robustness.Attacks.BlackBox;

/// <summary>
/// Which pixels of each sample are changed, and exchanges of some of them for others. Each sample draws its own; the tensors of a
/// batch are moved together.
/// </summary>
internal sealed class PixelExchange
{
    private readonly AttackedBatch _batch;
    private readonly ActiveSamples _active;
    private readonly int _pixels;
    private readonly int _channels;
    private readonly int _changed;

    // A permutation of the pixels; the first of them are the changed ones.
    private readonly RowState _order;
    private Tensor? _proposed;

    /// <param name="batch">The batch.</param>
    /// <param name="active">The samples; the choice of pixels shrinks with them.</param>
    /// <param name="changed">How many pixels are changed, at least 1.</param>
    public PixelExchange(AttackedBatch batch, ActiveSamples active, int changed)
    {
        (_batch, _active, _pixels) = (batch, active, (int)Pixels.Count(active.Start));
        _channels = (int)(active.Start.numel() / active.Count / _pixels);
        _changed = Math.Min(changed, _pixels);
        long[] orders = new long[active.Count * _pixels];
        int[] order = new int[_pixels];
        ExampleRandom random = batch.Random(active, 0);
        for (int row = 0; row < active.Count; row++)
        {
            for (int i = 0; i < _pixels; i++)
                order[i] = i;
            SplitMix64 stream = random.Stream(row);
            stream.Shuffle(order);
            for (int i = 0; i < _pixels; i++)
                orders[(row * _pixels) + i] = order[i];
        }

        _order = active.Track(torch.tensor(orders, device: active.Start.device).view(active.Count, _pixels));
    }

    /// <summary>The changed pixels at random ends of their range, [active, ...].</summary>
    public Tensor Start()
    {
        using var scope = torch.NewDisposeScope();
        Tensor start = _active.Start.reshape(_active.Count, _channels, _pixels);
        Tensor places = Everywhere(_order.Value.narrow(1, 0, _changed));
        ExampleRandom random = _batch.Random(_active, 1);
        Tensor signs = random.Signs(_active.Start.new_empty(_active.Count, _channels, _changed));
        return start.scatter(2, places, Ends(places, signs.gt(0))).view(_active.Start.shape).MoveToOuterDisposeScope();
    }

    /// <summary>Some of the changed pixels as they were, and as many others at random ends of their range.</summary>
    /// <param name="best">[active, ...].</param>
    /// <param name="iteration">Counted from 1; another one, another draw.</param>
    /// <param name="share">Which part of the changed pixels is exchanged; one at least.</param>
    public Tensor Next(Tensor best, int iteration, double share)
    {
        int count = Math.Min(Math.Max((int)(share * _changed), 1), Math.Max(_pixels - _changed, 1));
        long[] leaving = new long[_active.Count * count];
        long[] coming = new long[_active.Count * count];
        bool[] ends = new bool[_active.Count * _channels * count];
        ExampleRandom random = _batch.Random(_active, iteration + 1);
        for (int row = 0; row < _active.Count; row++)
        {
            SplitMix64 stream = random.Stream(row);
            Draw(ref stream, leaving.AsSpan(row * count, count), 0, _changed);
            // Where every pixel is changed there is none to come: those that leave come back with other ends.
            if (_changed == _pixels)
                leaving.AsSpan(row * count, count).CopyTo(coming.AsSpan(row * count, count));
            else
                Draw(ref stream, coming.AsSpan(row * count, count), _changed, _pixels - _changed);
            for (int i = 0; i < _channels * count; i++)
                ends[(row * _channels * count) + i] = (stream.Next() >> 63) == 1;
        }

        Tensor from = torch.tensor(leaving, device: best.device).view(_active.Count, count);
        Tensor to = torch.tensor(coming, device: best.device).view(_active.Count, count);
        Tensor order = _order.Value;
        Tensor old = order.gather(1, from);
        Tensor fresh = order.gather(1, to);
        _proposed = order.scatter(1, from, fresh).scatter(1, to, old);
        Tensor oldPlaces = Everywhere(old);
        Tensor freshPlaces = Everywhere(fresh);
        Tensor flat = best.reshape(_active.Count, _channels, _pixels);
        Tensor back = flat.scatter(2, oldPlaces, _active.Start.reshape(_active.Count, _channels, _pixels).gather(2, oldPlaces));
        Tensor values = Ends(freshPlaces, torch.tensor(ends, device: best.device).view(_active.Count, _channels, count));
        if (count == 1)
            values = Unlike(flat.gather(2, freshPlaces), values, freshPlaces);
        return back.scatter(2, freshPlaces, values).view(best.shape);
    }

    /// <summary>Takes over the last exchange where it was for the better.</summary>
    /// <param name="better">[active], bool.</param>
    public void Take(Tensor better) => _order.Value = torch.where(better.unsqueeze(1), _proposed!, _order.Value);

    // A single pixel that came with the colour that it has would change nothing: it takes the opposite one.
    private Tensor Unlike(Tensor now, Tensor values, Tensor places)
    {
        Tensor same = now.eq(values).all(1, keepdim: true);
        Tensor lower = Ends(places, torch.zeros_like(values, dtype: torch.@bool));
        return torch.where(same, Ends(places, values.eq(lower)), values);
    }

    /// <summary>The upper or the lower end of the range at each place.</summary>
    /// <param name="places">[active, channels, k].</param>
    /// <param name="isUpper">[active, channels, k], bool.</param>
    private Tensor Ends(Tensor places, Tensor isUpper)
    {
        Models.InputBounds bounds = _batch.Target.Classifier.Bounds;
        Tensor start = _active.Start;
        Tensor At(Tensor ends) => ends.expand_as(start).reshape(_active.Count, _channels, _pixels).gather(2, places);
        return torch.where(isUpper, At(bounds.UpperTensor(start)), At(bounds.LowerTensor(start)));
    }

    private Tensor Everywhere(Tensor places) => places.unsqueeze(1).expand(-1, _channels, -1);

    // Places that differ, first..first+count-1 (Floyd's algorithm).
    private static void Draw(ref SplitMix64 stream, Span<long> chosen, int first, int count)
    {
        for (int i = 0; i < chosen.Length; i++)
        {
            int last = count - chosen.Length + i;
            long drawn = first + stream.NextBelow(last + 1);
            chosen[i] = chosen[..i].Contains(drawn) ? first + last : drawn;
        }
    }
}
