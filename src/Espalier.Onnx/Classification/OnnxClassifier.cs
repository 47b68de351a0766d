using Espalier.Data.Images;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Onnx.Sessions;
using Microsoft.ML.OnnxRuntime;

namespace Espalier.Onnx.Classification;

/// <summary>
/// An ONNX file as a classifier, whoever made it. It takes inputs in Espalier's form; <see cref="OnnxClassifierOptions"/> say how
/// the model wants them. Without gradients: attacks that need them take the module.
/// </summary>
public sealed class OnnxClassifier : ILogitClassifier, IModelIdentity, IDisposable
{
    private readonly OnnxSession _session;
    private readonly OnnxInputForm _form;
    private readonly OnnxOutputForm _output;

    private OnnxClassifier(string path, OnnxSession session, OnnxInputForm form, OnnxOutputForm output, OnnxClassifierOptions options)
    {
        (Path, _session, _form, _output, Options) = (path, session, form, output, options);
        ClassCount = output.ClassCount;
        Labels = options.Labels.Count > 0 ? options.Labels : [.. Enumerable.Range(0, ClassCount).Select(i => i.ToString(System.Globalization.CultureInfo.InvariantCulture))];
        Bounds = InputBounds.Uniform(options.Lower, options.Upper);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>How it is fed and read.</summary>
    public OnnxClassifierOptions Options { get; }

    /// <inheritdoc/>
    public int ClassCount { get; }

    /// <summary>One name per class.</summary>
    public IReadOnlyList<string> Labels { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long> InputShape => _form.InputShape;

    /// <inheritdoc/>
    public InputBounds Bounds { get; }

    /// <summary>What the output holds.</summary>
    public OnnxOutputKind OutputKind => _output.Kind;

    /// <summary>What the file says of itself: its <c>metadata_props</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _session.Metadata;

    /// <summary>The number of inputs that the model takes at once where its file fixes it; null where it takes any.</summary>
    public int? FixedBatchSize => _form.FixedBatch;

    /// <summary>Opens a model.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How it is fed and read; those of its sidecar, or the defaults, where null.</param>
    /// <param name="threads">Threads of one operator; as many as TorchSharp uses where null.</param>
    /// <exception cref="CheckpointException">The file is missing or no model that can be run.</exception>
    /// <exception cref="OptionsException">The options do not fit the model.</exception>
    /// <exception cref="DataException">The sidecar cannot be read.</exception>
    public static OnnxClassifier Open(string path, OnnxClassifierOptions? options = null, int? threads = null)
    {
        options ??= OnnxClassifierOptions.ReadFor(path);
        options.Validate();
        OnnxSession session = Session(path, threads);
        try
        {
            OnnxInputForm form = OnnxInputForm.Of(path, session, options);
            OnnxOutputForm output = OnnxOutputForm.Of(path, session, form, options);
            OptionsException.Require(options.Labels.Count == 0 || options.Labels.Count == output.ClassCount, "labels", $"{options.Labels.Count} names", $"must hold one name for each of the model's {output.ClassCount} classes");
            return new OnnxClassifier(path, session, form, output, options);
        }
        catch (OnnxRuntimeException error)
        {
            session.Dispose();
            throw new CheckpointException(path, $"fails on an input of shape [{string.Join(", ", options.InputShape ?? [])}]: {FirstLine(error)}", "give the shape that it wants with inputShape", error);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Checksum => field ??= ModelChecksum.OfFile(Path);

    /// <inheritdoc/>
    public bool HasLogits => OutputKind == OnnxOutputKind.Logits;

    /// <inheritdoc/>
    public Tensor Logits(Tensor inputs) => HasLogits
        ? Scores(inputs)
        : throw new ModelOutputException($"the model {Path}", "gives probabilities, no logits", "export it without its softmax, or choose a detector that needs probabilities only");

    /// <inheritdoc/>
    public Tensor Probabilities(Tensor inputs) => InBatches(inputs, _output.Probabilities);

    /// <inheritdoc/>
    public Tensor Predict(Tensor inputs) => InBatches(inputs, PredictedClasses.Of);

    /// <summary>The model's output as it is: logits or probabilities.</summary>
    /// <param name="inputs">[batch, ...<see cref="InputShape"/>].</param>
    /// <returns>[batch, classes].</returns>
    /// <exception cref="ShapeException">The inputs have another shape.</exception>
    public Tensor Scores(Tensor inputs) => InBatches(inputs, static scores => scores.alias());

    /// <summary>Reads an image file in the form that the model wants.</summary>
    /// <param name="path">PNG or JPEG.</param>
    /// <returns>[1, channels, height, width], in the unit of <see cref="Bounds"/>.</returns>
    /// <exception cref="DataException">The file is missing, no image or damaged.</exception>
    /// <exception cref="ShapeException">The model takes no images.</exception>
    public Tensor ReadImage(string path)
    {
        if (InputShape is not [1 or 3, var height, var width])
            throw new ShapeException("the model's input", InputShape, "[1 or 3, height, width] for images");
        using var scope = torch.NewDisposeScope();
        Tensor unit = ImageFile.Read(path, (int)InputShape[0], (int)height, (int)width, Options.CropRatio).unsqueeze(0);
        return (unit * (Options.Upper - Options.Lower) + Options.Lower).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose() => _session.Dispose();

    private static OnnxSession Session(string path, int? threads)
    {
        if (!File.Exists(path))
            throw new CheckpointException(path, "the file does not exist", "check the path");
        try
        {
            return new OnnxSession(path, threads);
        }
        catch (OnnxRuntimeException error)
        {
            throw new CheckpointException(path, $"is no model that ONNX Runtime can run: {FirstLine(error)}", "copy or export it again", error);
        }
    }

    private static string FirstLine(OnnxRuntimeException error) => error.Message.Split('\n')[0].Trim().TrimEnd('.');

    private Tensor InBatches(Tensor inputs, Func<Tensor, Tensor> read)
    {
        long[] shape = inputs.shape;
        if (shape.Length != InputShape.Count + 1 || !shape.AsSpan(1).SequenceEqual([.. InputShape]))
            throw new ShapeException("inputs", shape, $"[batch, {string.Join(", ", InputShape)}]");
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        int size = _form.FixedBatch ?? Options.BatchSize;
        var parts = new List<Tensor>();
        for (long start = 0; start < shape[0] || parts.Count == 0; start += size)
        {
            using var batch = torch.NewDisposeScope();
            long count = Math.Min(size, shape[0] - start);
            Tensor scores = count == 0
                ? torch.zeros(0, ClassCount)
                : _output.Read(_session.Run([(_form.Name, _form.Prepared(inputs.narrow(0, start, count)))])).narrow(0, 0, count);
            parts.Add(read(scores).MoveToOuterDisposeScope());
        }

        return torch.cat(parts).to(inputs.device).MoveToOuterDisposeScope();
    }
}
