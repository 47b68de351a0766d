using Espalier.Errors;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Models;

/// <summary>
/// A TorchSharp module as a classifier. The module is put into evaluation mode and its parameters are frozen for the
/// life of this object (auditing never trains): gradients reach the inputs only, and cost nothing for the weights. Inputs of another
/// floating-point type than the weights are converted to theirs.
/// </summary>
public sealed class TorchClassifier : IDifferentiableClassifier, IModelIdentity, IDisposable
{
    private readonly Module _module;
    private readonly FrozenModule _frozen;
    private readonly torch.ScalarType? _type;

    /// <summary>Wraps a module; it stays the caller's.</summary>
    /// <param name="module">Maps [batch, ...<paramref name="inputShape"/>] to logits [batch, <paramref name="classCount"/>].</param>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="bounds">The box of legal inputs; [0, 1] where null.</param>
    /// <param name="batchSize">How many inputs go through the module at once where no graph is kept.</param>
    public TorchClassifier(Module module, IReadOnlyList<long> inputShape, int classCount, InputBounds? bounds = null, int batchSize = 512)
    {
        OptionsException.Require(classCount >= 2, nameof(classCount), classCount, "must be at least 2");
        OptionsException.Require(batchSize >= 1, nameof(batchSize), batchSize, "must be at least 1");
        _module = module;
        InputShape = [.. inputShape];
        ClassCount = classCount;
        Bounds = bounds ?? InputBounds.Unit;
        BatchSize = batchSize;
        _frozen = new FrozenModule(module);
        _type = _frozen.Precision;
    }

    /// <inheritdoc/>
    public int ClassCount { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape { get; }

    /// <inheritdoc/>
    public InputBounds Bounds { get; }

    /// <summary>How many inputs go through the module at once where no graph is kept.</summary>
    public int BatchSize { get; }

    /// <inheritdoc/>
    public string Checksum => field ??= ModelChecksum.Of(_module);

    /// <summary>The module.</summary>
    internal Module Module => _module;

    /// <inheritdoc/>
    public Tensor Logits(Tensor inputs)
    {
        CheckShape(inputs);
        return _module.call(Own(inputs));
    }

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor inputs) => InBatches(inputs, static logits => logits.softmax(1));

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs) => InBatches(inputs, PredictedClasses.Of);

    /// <summary>
    /// Gives the module back as it was: the mode of every layer and the required gradients are restored, once the last of the
    /// classifiers on the module is disposed of.
    /// </summary>
    public void Dispose() => _frozen.Dispose();

    private Tensor InBatches(Tensor inputs, Func<Tensor, Tensor> read)
    {
        CheckShape(inputs);
        using var _ = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        long count = inputs.shape[0];
        if (count <= BatchSize)
            return read(_module.call(Own(inputs))).MoveToOuterDisposeScope();

        var parts = new List<Tensor>();
        for (long start = 0; start < count; start += BatchSize)
        {
            using var batch = torch.NewDisposeScope();
            parts.Add(read(_module.call(Own(inputs.narrow(0, start, Math.Min(BatchSize, count - start))))).MoveToOuterDisposeScope());
        }

        return torch.cat(parts).MoveToOuterDisposeScope();
    }

    /// <summary>A copy, of the weights' type: the module may write into its input, such as an in-place ReLU in front.</summary>
    private Tensor Own(Tensor inputs) => _type is { } type && inputs.is_floating_point() && inputs.dtype != type ? inputs.to(type) : inputs.clone();

    private void CheckShape(Tensor inputs)
    {
        long[] shape = inputs.shape;
        if (shape.Length != InputShape.Count + 1 || !shape.AsSpan(1).SequenceEqual(InputShape.ToArray()))
            throw new ShapeException("inputs", shape, $"[batch, {string.Join(", ", InputShape)}]");
    }
}
