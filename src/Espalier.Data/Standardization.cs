using Espalier.Errors;
using Espalier.Models;

namespace Espalier.Data;

/// <summary>
/// Centring and scaling to mean 0 and standard deviation 1: per feature of a table, per channel of images. Fitted on
/// the training part only, applied to every part, and kept for the inputs a served model will meet.
/// </summary>
/// <param name="Mean">The training mean of each feature or channel.</param>
/// <param name="Deviation">Its population standard deviation; 1 where the feature never varies.</param>
public sealed record Standardization(IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)
{
    private const int Block = 4096;

    /// <summary>Measures a data set.</summary>
    /// <param name="train">The training part: inputs [n, features] or [n, channels, ...].</param>
    public static Standardization Fit(Dataset train)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        double samples = (double)train.Count * train.InputShape.Skip(1).Aggregate(1L, (a, b) => a * b);
        Tensor mean = Sum(train, x => x) / samples;
        Tensor variance = Sum(train, x => (x - mean).pow(2)) / samples;
        double[] deviation = [.. variance.sqrt().data<double>()];
        return new Standardization(mean.flatten().data<double>().ToArray(), [.. deviation.Select(d => d > 1e-12 ? d : 1)]);
    }

    /// <summary>The data set standardized, with its bounds mapped alike.</summary>
    /// <param name="data">As many features or channels as were fitted; stays the caller's.</param>
    /// <exception cref="ShapeException">Another number of features or channels.</exception>
    public Dataset Apply(Dataset data)
    {
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using LabelledBatch all = data.All();
        return new Dataset(data.Name, Apply(all.Inputs), data.Labels.clone(), data.ClassNames, Map(data.Bounds, data.InputShape, data.IsDouble));
    }

    /// <summary>Inputs standardized.</summary>
    /// <param name="inputs">[n, features] or [n, channels, ...], float32; or float64, of which the difference to the mean is taken in double precision.</param>
    /// <returns>The same shape, float32.</returns>
    /// <exception cref="ShapeException">Another number of features or channels.</exception>
    public Tensor Apply(Tensor inputs)
    {
        if (inputs.dim() < 2 || inputs.shape[1] != Mean.Count)
            throw new ShapeException(nameof(inputs), inputs.shape, $"[n, {Mean.Count}, ...]");
        using var scope = torch.NewDisposeScope();
        long[] shape = [1, Mean.Count, .. Enumerable.Repeat(1L, (int)inputs.dim() - 2)];
        torch.ScalarType type = inputs.dtype == torch.float64 ? torch.float64 : torch.float32;
        Tensor mean = torch.tensor(Mean.ToArray(), dtype: type, device: inputs.device).view(shape);
        Tensor deviation = torch.tensor(Deviation.ToArray(), dtype: type, device: inputs.device).view(shape);
        return inputs.sub(mean).div_(deviation).to(torch.float32).MoveToOuterDisposeScope();
    }

    // The ends go through the same arithmetic as the inputs: one that lies on its bound lies on it afterwards.
    private InputBounds Map(InputBounds bounds, IReadOnlyList<long> shape, bool isDouble)
    {
        if (bounds == InputBounds.Unbounded)
            return bounds;
        int features = (int)shape.Aggregate(1L, (a, b) => a * b);
        double[] Ends(IReadOnlyList<double> ends)
        {
            using var scope = torch.NewDisposeScope();
            double[] raw = [.. Enumerable.Range(0, features).Select(f => ends[bounds.IsUniform ? 0 : f])];
            return [.. Apply(torch.tensor(raw, dtype: isDouble ? torch.float64 : torch.float32).view([1, .. shape])).flatten().data<float>().Select(e => (double)e)];
        }

        return InputBounds.PerFeature(Ends(bounds.LowerValues), Ends(bounds.UpperValues));
    }

    // Block by block: a whole image set in double would take eight times its memory.
    private static Tensor Sum(Dataset data, Func<Tensor, Tensor> value)
    {
        long[] shape = [1, data.InputShape[0], .. Enumerable.Repeat(1L, data.InputShape.Count - 1)];
        Tensor sum = torch.zeros(shape, dtype: torch.float64);
        long[] others = [.. Enumerable.Range(0, data.InputShape.Count + 1).Where(d => d != 1).Select(d => (long)d)];
        for (int start = 0; start < data.Count; start += Block)
        {
            using var block = torch.NewDisposeScope();
            LabelledBatch batch = data.Gather([.. Enumerable.Range(start, Math.Min(Block, data.Count - start))]);
            sum.add_(value(batch.Inputs.cpu().to(torch.float64)).sum(others, keepdim: true));
        }

        return sum;
    }
}
