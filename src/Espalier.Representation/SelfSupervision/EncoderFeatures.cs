using Espalier.Data;
using Espalier.Models;
using Espalier.Networks.Encoders;

namespace Espalier.Representation.SelfSupervision;

/// <summary>The features that a frozen encoder gives to data.</summary>
public static class EncoderFeatures
{
    private const int AtOnce = 512;

    /// <summary>Encodes a data set in evaluation mode, without a graph; the encoder's mode is restored.</summary>
    /// <param name="encoder">The encoder.</param>
    /// <param name="data">The data, on the encoder's device.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <returns>[n, d]; belongs to the caller's dispose scope.</returns>
    public static Tensor Of(Encoder encoder, Dataset data, CancellationToken cancellationToken = default)
    {
        using ModuleModes modes = ModuleModes.Evaluate(encoder);
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        var parts = new List<Tensor>();
        for (int start = 0; start < data.Count; start += AtOnce)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var part = torch.NewDisposeScope();
            LabelledBatch batch = data.Gather([.. Enumerable.Range(start, Math.Min(AtOnce, data.Count - start))]);
            parts.Add(encoder.call(batch.Inputs).MoveToOuterDisposeScope());
        }

        return torch.cat(parts).MoveToOuterDisposeScope();
    }
}
