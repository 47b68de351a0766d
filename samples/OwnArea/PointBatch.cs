using Espalier.Data;

namespace OwnArea;

/// <summary>Some points, [batch, 1] each.</summary>
internal sealed record PointBatch(Tensor X, Tensor Y) : IBatch
{
    public int Count => (int)X.shape[0];

    public long Position { get; init; }

    public void Dispose()
    {
        X.Dispose();
        Y.Dispose();
    }
}
