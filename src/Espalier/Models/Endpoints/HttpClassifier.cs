using System.Buffers;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;

namespace Espalier.Models.Endpoints;

/// <summary>
/// A model behind an HTTP endpoint that takes a batch as JSON and answers probabilities, logits or labels. Batches are split,
/// sent side by side, no faster than the limit, and repeated when they fail in passing; answers are checked.
/// </summary>
public abstract class HttpClassifier : IClassifier, IDisposable
{
    private readonly HttpEndpoint _endpoint;
    private readonly HttpClassifierOptions _options;

    private protected HttpClassifier(Uri endpoint, IReadOnlyList<long> inputShape, int classCount, HttpClassifierOptions options, InputBounds? bounds)
    {
        options.Validate();
        OptionsException.Require(classCount >= 2, nameof(classCount), classCount, "must be at least 2");
        OptionsException.Require(options.ClassNames is null || options.ClassNames.Count == classCount, nameof(HttpClassifierOptions.ClassNames), options.ClassNames?.Count, $"must be as many as classes, {classCount}");
        _options = options;
        _endpoint = new HttpEndpoint(endpoint, options);
        InputShape = [.. inputShape];
        ClassCount = classCount;
        Bounds = bounds ?? InputBounds.Unit;
        Answers = new AnswerReader(endpoint, options, classCount);
    }

    /// <summary>Binds an endpoint. Nothing is sent yet.</summary>
    /// <param name="endpoint">Its address, http or https.</param>
    /// <param name="inputShape">Shape of one input.</param>
    /// <param name="classCount">Number of classes.</param>
    /// <param name="options">Its JSON, and how patiently it is asked.</param>
    /// <param name="bounds">The box of legal inputs; [0, 1] where null.</param>
    /// <returns>
    /// An <see cref="IScoringClassifier"/> where it answers probabilities or logits, an <see cref="IPartialScores"/> where it answers the
    /// likeliest classes. The caller's to dispose.
    /// </returns>
    /// <exception cref="OptionsException">An option is out of range, or the endpoint is neither on this machine nor said to be the user's.</exception>
    public static HttpClassifier Connect(Uri endpoint, IReadOnlyList<long> inputShape, int classCount, HttpClassifierOptions? options = null, InputBounds? bounds = null)
    {
        options ??= new();
        return options.Answer switch
        {
            HttpAnswer.Labels => new HttpLabelClassifier(endpoint, inputShape, classCount, options, bounds),
            HttpAnswer.TopProbabilities => new HttpTopClassifier(endpoint, inputShape, classCount, options, bounds),
            _ => new HttpScoringClassifier(endpoint, inputShape, classCount, options, bounds),
        };
    }

    /// <inheritdoc/>
    public int ClassCount { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape { get; }

    /// <inheritdoc/>
    public InputBounds Bounds { get; }

    /// <summary>Requests sent, repeated ones included.</summary>
    public long Requests => _endpoint.Requests;

    private protected AnswerReader Answers { get; }

    /// <summary>The predicted labels.</summary>
    /// <param name="inputs">[batch, ...], float32.</param>
    /// <returns>[batch], int64.</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    /// <exception cref="DataException">The inputs hold what is no finite number: JSON has no way to say it.</exception>
    /// <exception cref="EndpointException">The endpoint cannot be reached, fails or refuses.</exception>
    /// <exception cref="ModelOutputException">It answers something else than it should.</exception>
    public abstract Tensor Predict(Tensor inputs);

    /// <summary>Ends the connections.</summary>
    public void Dispose()
    {
        _endpoint.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Sends all inputs.</summary>
    /// <param name="inputs">[batch, ...].</param>
    /// <param name="width">Numbers in an answer.</param>
    /// <param name="read">From a response and the number of its inputs to its answers, row by row.</param>
    private protected T[] Send<T>(Tensor inputs, int width, Func<JsonElement, int, T[]> read)
    {
        float[] values = Values(inputs);
        int count = (int)inputs.shape[0];
        T[] results = new T[count * width];
        using var stop = new CancellationTokenSource();
        async Task SendPart(int first)
        {
            int size = Math.Min(_options.MaxBatchSize, count - first);
            try
            {
                using JsonDocument response = Parsed(await _endpoint.PostAsync(() => Body(values, first, size), stop.Token).ConfigureAwait(false));
                read(response.RootElement, size).CopyTo(results, first * width);
            }
            catch
            {
                // What is still under way would be asked in vain.
                await stop.CancelAsync().ConfigureAwait(false);
                throw;
            }
        }

        Task[] parts = [.. Enumerable.Range(0, (count + _options.MaxBatchSize - 1) / _options.MaxBatchSize).Select(i => Task.Run(() => SendPart(i * _options.MaxBatchSize)))];
        Task.WhenAll(parts).ContinueWith(static _ => { }, TaskScheduler.Default).Wait();
        Exception[] failures = [.. parts.Where(p => p.IsFaulted).Select(p => p.Exception!.InnerException!)];
        if (failures.Length > 0)
            ExceptionDispatchInfo.Throw(failures.FirstOrDefault(f => f is EspalierException) ?? failures[0]);
        return results;
    }

    private float[] Values(Tensor inputs)
    {
        if (inputs.dim() != InputShape.Count + 1 || !inputs.shape.AsSpan(1).SequenceEqual([.. InputShape]))
            throw new ShapeException("inputs", inputs.shape, $"[batch, {string.Join(", ", InputShape)}]");
        using var scope = torch.NewDisposeScope();
        Tensor host = inputs.detach().cpu().to(torch.float32).contiguous();
        float[] values = MemoryMarshal.Cast<byte, float>(host.bytes).ToArray();
        return values.All(float.IsFinite)
            ? values
            : throw new DataException("inputs", "hold values that are no finite numbers", "JSON has no way to say them: give finite ones");
    }

    private ReadOnlyMemory<byte> Body(float[] values, int first, int count)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        string[] names = _options.RequestPath.Split('.');
        foreach (string name in names)
        {
            writer.WriteStartObject();
            writer.WritePropertyName(name);
        }

        int length = values.Length == 0 ? 0 : (int)InputShape.Aggregate(1L, (a, b) => a * b);
        writer.WriteStartArray();
        for (int i = first; i < first + count; i++)
            WriteInput(writer, values.AsSpan(i * length, length), 0);
        writer.WriteEndArray();
        foreach (string _ in names)
            writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private void WriteInput(Utf8JsonWriter writer, ReadOnlySpan<float> values, int axis)
    {
        if (axis == InputShape.Count)
        {
            writer.WriteNumberValue(values[0]);
            return;
        }

        writer.WriteStartArray();
        int length = values.Length / (int)InputShape[axis];
        for (int i = 0; i < InputShape[axis]; i++)
            WriteInput(writer, values.Slice(i * length, length), axis + 1);
        writer.WriteEndArray();
    }

    private JsonDocument Parsed(byte[] response)
    {
        try
        {
            return StrictJson.Document(response);
        }
        catch (JsonException error)
        {
            throw new ModelOutputException(Answers.Source, $"is no JSON: it begins with \"{HttpEndpoint.Excerpt(response)}\"", "check the address: this may be a page for people", error);
        }
    }
}
