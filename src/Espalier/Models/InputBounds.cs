using Espalier.Errors;

namespace Espalier.Models;

/// <summary>
/// The box that legal inputs live in: an attack's clipping range, an image's value range, a tabular schema's ranges.
/// Either one range for every feature or one per feature.
/// </summary>
public sealed record InputBounds
{
    private InputBounds(double[] lower, double[] upper) => (LowerValues, UpperValues) = (lower, upper);

    /// <summary>The range of images scaled to [0, 1].</summary>
    public static InputBounds Unit { get; } = Uniform(0, 1);

    /// <summary>No bound at all.</summary>
    public static InputBounds Unbounded { get; } = Uniform(double.NegativeInfinity, double.PositiveInfinity);

    /// <summary>Lower ends: one value, or one per feature in row-major order.</summary>
    public IReadOnlyList<double> LowerValues { get; }

    /// <summary>Upper ends: one value, or one per feature in row-major order.</summary>
    public IReadOnlyList<double> UpperValues { get; }

    /// <summary>Whether one range holds for every feature.</summary>
    public bool IsUniform => LowerValues.Count == 1;

    /// <summary>The least lower end.</summary>
    public double Lower => LowerValues.Min();

    /// <summary>The greatest upper end.</summary>
    public double Upper => UpperValues.Max();

    /// <summary>One range for every feature.</summary>
    /// <exception cref="OptionsException"><paramref name="lower"/> is not below <paramref name="upper"/>.</exception>
    public static InputBounds Uniform(double lower, double upper) => PerFeature([lower], [upper]);

    /// <summary>One range per feature, in row-major order of the input without its batch dimension.</summary>
    /// <exception cref="OptionsException">Different lengths, or a lower end above its upper end.</exception>
    public static InputBounds PerFeature(double[] lower, double[] upper)
    {
        OptionsException.Require(lower.Length == upper.Length && lower.Length > 0, "bounds", lower.Length, $"needs as many lower as upper ends ({upper.Length})");
        for (int i = 0; i < lower.Length; i++)
            OptionsException.Require(lower[i] <= upper[i], "bounds", lower[i], $"lower end {i} must not exceed its upper end {upper[i]}");
        return new InputBounds([.. lower], [.. upper]);
    }

    /// <summary>The lower ends as a tensor that broadcasts against one input.</summary>
    /// <param name="like">A batch of inputs, [batch, ...]; gives the shape, the type and the device.</param>
    /// <returns>A scalar or [1, ...].</returns>
    public Tensor LowerTensor(Tensor like) => AsTensor(LowerValues, like);

    /// <summary>The upper ends as a tensor that broadcasts against one input.</summary>
    /// <param name="like">A batch of inputs, [batch, ...]; gives the shape, the type and the device.</param>
    /// <returns>A scalar or [1, ...].</returns>
    public Tensor UpperTensor(Tensor like) => AsTensor(UpperValues, like);

    /// <summary>The inputs clipped into the box.</summary>
    /// <param name="inputs">[batch, ...].</param>
    public Tensor Clamp(Tensor inputs)
    {
        if (IsUniform)
            return inputs.clamp(Lower, Upper);
        using Tensor lower = LowerTensor(inputs);
        using Tensor upper = UpperTensor(inputs);
        return inputs.maximum(lower).minimum(upper);
    }

    private Tensor AsTensor(IReadOnlyList<double> values, Tensor like)
    {
        Tensor flat = torch.tensor(values.ToArray(), dtype: like.dtype, device: like.device);
        if (IsUniform)
            return flat.squeeze(0);
        long[] shape = like.shape;
        shape[0] = 1;
        if (shape.Aggregate(1L, (a, b) => a * b) != values.Count)
            throw new ShapeException("inputs", like.shape, $"[batch, ...] with {values.Count} features, as the bounds have");
        return flat.view(shape);
    }

    /// <inheritdoc/>
    public bool Equals(InputBounds? other) => other is not null
        && LowerValues.SequenceEqual(other.LowerValues) && UpperValues.SequenceEqual(other.UpperValues);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(LowerValues.Count, Lower, Upper);
}
