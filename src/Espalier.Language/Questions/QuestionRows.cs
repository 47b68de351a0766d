using Espalier.Data;

namespace Espalier.Language.Questions;

/// <summary>Questions and texts, cut into windows of tokens, in memory.</summary>
public sealed class QuestionRows : ISampleSource<QuestionBatch>, IDisposable
{
    private readonly Tensor _tokens;
    private readonly Tensor _answers;

    internal QuestionRows(string name, Tensor tokens, Tensor answers)
    {
        Name = name;
        (_tokens, _answers) = (tokens.DetachFromDisposeScope(), answers.DetachFromDisposeScope());
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long Count => _tokens.shape[0];

    /// <summary>Tokens of a window.</summary>
    public long Length => _tokens.shape[1];

    /// <inheritdoc/>
    public torch.Device Device => _tokens.device;

    /// <inheritdoc/>
    public string Fingerprint => field ??= ContentChecksum.Of(_tokens, _answers, _tokens.shape, 1);

    /// <inheritdoc/>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public QuestionBatch Gather(ReadOnlySpan<long> indices, long position)
    {
        using Tensor answers = RowGather.Of(_answers, indices, Name);
        return new QuestionBatch(RowGather.Of(_tokens, indices, Name), answers.select(1, 0), answers.select(1, 1)) { Position = position };
    }

    /// <summary>The same windows on a device.</summary>
    public QuestionRows To(torch.Device device) => new(Name, _tokens.to(device, copy: true), _answers.to(device, copy: true));

    /// <inheritdoc/>
    public void Dispose()
    {
        _tokens.Dispose();
        _answers.Dispose();
    }
}
