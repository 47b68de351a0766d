using System.Runtime.InteropServices;
using Espalier.Networks.Text;

namespace Espalier.Language.Generation;

/// <summary>What a causal model expects after texts of equal length, at the least cost that is exact.</summary>
internal sealed class PrefixReader(CausalLanguageModel model, bool streams, bool recomputes) : IDisposable
{
    private IncrementalDecoding? _decoding;
    private int _taken;

    /// <summary>Logits of the next token of each text, [texts][vocabulary].</summary>
    /// <param name="histories">The texts' tokens so far; those of the last call and at least one more.</param>
    public float[][] Next(List<int>[] histories)
    {
        int window = model.Encoder.MaxLength;
        int count = histories[0].Count;
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        if (recomputes)
        {
            Tensor all = model.call(Ids(histories, Math.Max(0, count - window), count));
            return Rows(all.select(1, all.shape[1] - 1));
        }

        bool fits = _decoding is not null && (streams && model.Encoder.CanStream || _decoding.Length + count - _taken <= window);
        if (!fits)
        {
            _decoding?.Dispose();
            _decoding = model.StartDecoding();
            _taken = Math.Max(0, count - window);
        }

        Tensor logits = _decoding!.Append(Ids(histories, _taken, count));
        _taken = count;
        return Rows(logits);
    }

    public void Dispose() => _decoding?.Dispose();

    private Tensor Ids(List<int>[] histories, int from, int to)
    {
        long[] ids = [.. histories.SelectMany(h => h.Skip(from).Take(to - from)).Select(i => (long)i)];
        return torch.tensor(ids).view(histories.Length, to - from).to(model.Encoder.TokenEmbedding.device);
    }

    private static float[][] Rows(Tensor logits)
    {
        Tensor host = logits.to(torch.float32).cpu().contiguous();
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(host.bytes);
        float[][] rows = new float[host.shape[0]][];
        int width = (int)host.shape[1];
        for (int i = 0; i < rows.Length; i++)
            rows[i] = values.Slice(i * width, width).ToArray();
        return rows;
    }
}
