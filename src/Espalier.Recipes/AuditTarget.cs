using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Data.Tables;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Models.Endpoints;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Onnx.Classification;
using Espalier.Recipes.Stages;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Espalier.Recipes;

/// <summary>A model to be audited with the data that it is judged on, whatever it is kept in: a run, an ONNX file, a file of weights, an endpoint.</summary>
public sealed class AuditTarget : IDisposable
{
    private readonly IDisposable[] _owned;

    private AuditTarget(string name, IClassifier classifier, DatasetSplits splits, IReadOnlyDictionary<string, string> checksums, params IDisposable[] owned) =>
        (Name, Classifier, Splits, Checksums, _owned) = (name, classifier, splits, checksums, owned);

    /// <summary>What it is called.</summary>
    public string Name { get; }

    /// <summary>The model.</summary>
    public IClassifier Classifier { get; }

    /// <summary>The data, on the model's device.</summary>
    public DatasetSplits Splits { get; }

    /// <summary>The sha256 of the data's files.</summary>
    public IReadOnlyDictionary<string, string> Checksums { get; }

    /// <summary>What the columns of the data mean, for tables.</summary>
    public TabularSchema? Schema { get; private init; }

    /// <summary>How the model's inputs were scaled, where they were.</summary>
    public Data.Standardization? Standardization { get; private init; }

    /// <summary>Whether a name is a model's file rather than a run.</summary>
    /// <param name="source">A file, or the folder of a run.</param>
    public static bool IsFile(string source) => source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) || IsWeights(source);

    /// <summary>Whether a name is an endpoint's address.</summary>
    /// <param name="source">A file, a run, or an address.</param>
    public static bool IsEndpoint(string source) => Uri.TryCreate(source, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https";

    /// <summary>Opens a model.</summary>
    /// <param name="source">The folder of a run or <c>last</c>; an ONNX file; a safetensors file, one of <c>torch.save</c> or an <c>.npz</c> archive; the address of an endpoint.</param>
    /// <param name="options">What has to be said of it.</param>
    /// <param name="device">Where tensors shall live.</param>
    /// <exception cref="NotFoundException">There is no such run, network or data set.</exception>
    /// <exception cref="CheckpointException">The file is missing, damaged or another network's.</exception>
    /// <exception cref="OptionsException">Something has to be said that is not.</exception>
    /// <exception cref="DataException">The data is missing, or of other classes than the model.</exception>
    /// <exception cref="ShapeException">The data has another shape than the model takes.</exception>
    public static AuditTarget Open(string source, AuditTargetOptions options, torch.Device device)
    {
        options.Validate();
        AuditTarget target = source.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase) ? OpenOnnx(source, options)
            : IsEndpoint(source) ? OpenEndpoint(source, options)
            : IsWeights(source) ? OpenWeights(source, options, device)
            : OpenRun(source, options, device);
        return options.LabelsOnly || options.ScoresOnly ? target.Restricted(options) : target;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable owned in _owned)
            owned.Dispose();
    }

    private static bool IsWeights(string source) => Path.GetExtension(source).ToLowerInvariant() is ".safetensors" or ".pth" or ".pt" or ".bin" or ".npz";

    private static AuditTarget OpenRun(string source, AuditTargetOptions options, torch.Device device)
    {
        SavedRun run = SavedRun.Open(source, device);
        try
        {
            OptionsException.Require(run.Recipe.Objective.HasClasses, "model", source, $"must be a classifier: objective {System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(run.Recipe.Objective.Kind.ToString())} has no classes; see espalier detect");
            AuditedModel model = run.Load(options.Weights, options.Averaged);
            return new AuditTarget(run.Recipe.Name, model.Classifier, run.Splits, run.Checksums, model, run) { Schema = run.Data.Schema, Standardization = run.Data.Standardization };
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    private static AuditTarget OpenOnnx(string source, AuditTargetOptions options)
    {
        OnnxClassifier classifier = OnnxClassifier.Open(source);
        DataOptions? exported = OnnxOrigin.DataOf(classifier);
        LoadedData data = Load(options.Data is { } name ? exported?.Name == name ? exported : new DataOptions { Name = name }
            : exported ?? throw new OptionsException("data", null, "must be given with --data: the file does not say which data it was made for"));
        Require(data, classifier);
        return new AuditTarget(Path.GetFileName(source), classifier, data.Splits, data.Checksums, classifier, data) { Schema = data.Schema, Standardization = data.Standardization };
    }

    private static AuditTarget OpenEndpoint(string source, AuditTargetOptions options)
    {
        LoadedData data = Load(new DataOptions { Name = options.Data ?? throw new OptionsException("data", null, "must name the data that the endpoint is judged on") });
        Dataset test = data.Splits.Test;
        var http = new HttpClassifierOptions { Answer = options.Answers, IsOwnEndpoint = options.OwnEndpoint, ClassNames = test.ClassNames };
        HttpClassifier classifier = HttpClassifier.Connect(new Uri(source), test.InputShape, test.ClassCount, http, test.Bounds);
        return new AuditTarget(new Uri(source).Host, classifier, data.Splits, data.Checksums, classifier, data);
    }

    private static AuditTarget OpenWeights(string source, AuditTargetOptions options, torch.Device device)
    {
        string architecture = options.Architecture ?? throw new OptionsException("arch", null, "must name the network that the weights are of, such as tiny_cnn");
        LoadedData data = Load(new DataOptions { Name = options.Data ?? throw new OptionsException("data", null, "must name the data that the model is judged on") });
        Dataset test = data.Splits.Test;
        Module module = ModelZoo.Create(new ModelOptions { Name = architecture }, test.InputShape, test.ClassCount, 0);
        Checkpoint.Load(source, module, options.Layout, new() { Averaged = options.Averaged });
        module.to(device);
        var classifier = new TorchClassifier(module, test.InputShape, test.ClassCount, test.Bounds);
        return new AuditTarget(Path.GetFileName(source), classifier, data.Splits.To(device), data.Checksums, classifier, module, data) { Schema = data.Schema, Standardization = data.Standardization };
    }

    private static LoadedData Load(DataOptions options) => OptionsException.Within("data", () => DataCatalog.Default.Load(options));

    private static void Require(LoadedData data, OnnxClassifier classifier)
    {
        Dataset test = data.Splits.Test;
        if (!test.InputShape.SequenceEqual(classifier.InputShape))
            throw new ShapeException($"data {data.Info.Name}", test.InputShape, $"[{string.Join(", ", classifier.InputShape)}], as the model takes");
        if (test.ClassCount != classifier.ClassCount)
            throw new DataException(data.Info.Name, $"has {test.ClassCount} classes, the model {classifier.ClassCount}", "name the data that the model was trained on");
    }

    private AuditTarget Restricted(AuditTargetOptions options)
    {
        IClassifier restricted = options.LabelsOnly ? new LabelsOnly(Classifier) : Classifier is IScoringClassifier scoring ? new ScoresOnly(scoring) : Classifier;
        return new AuditTarget(Name, restricted, Splits, Checksums, _owned) { Schema = Schema, Standardization = Standardization };
    }
}
