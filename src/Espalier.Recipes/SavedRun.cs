using Espalier.Data;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks.Text;
using Espalier.Onnx.Classification;
using Espalier.Onnx.Export;
using Espalier.Recipes.Engine;
using Espalier.Recipes.Stages;
using Espalier.Recipes.Tasks.Objectives;
using Espalier.Runs.Store;

namespace Espalier.Recipes;

/// <summary>A finished run to be audited again: its recipe, data and weights.</summary>
public sealed class SavedRun : IDisposable
{
    private readonly Run _source;
    private readonly RecipeData _data;
    private readonly DatasetSplits _splits;
    private readonly torch.Device _device;

    private SavedRun(Run source, Recipe recipe, RecipeData data, torch.Device device)
    {
        (_source, Recipe, _data, _device) = (source, recipe, data, device);
        _splits = data.Loaded.Splits.To(device);
    }

    /// <summary>The recipe it was run with.</summary>
    public Recipe Recipe { get; }

    /// <summary>The run's folder.</summary>
    public string Folder => _source.Folder;

    /// <summary>The sha256 of the data as it is now; the same as in the run.</summary>
    public IReadOnlyDictionary<string, string> Checksums => _data.Loaded.Checksums;

    /// <summary>The data as it was loaded.</summary>
    internal LoadedData Data => _data.Loaded;

    /// <summary>The data as the recipe cuts it, on the device.</summary>
    public DatasetSplits Splits => _splits;

    /// <summary>Opens a run.</summary>
    /// <param name="path">Its folder, or <c>last</c> for the newest one that has weights.</param>
    /// <param name="device">Where tensors shall live.</param>
    /// <exception cref="NotFoundException">There is no such run.</exception>
    /// <exception cref="CheckpointException">The run has no weights.</exception>
    /// <exception cref="DataException">The data is not what the run was trained on.</exception>
    public static SavedRun Open(string path, torch.Device device)
    {
        Run run = Run.Open(path, eligible: folder => File.Exists(Path.Combine(folder, Models.ModelWeights.FileName)));
        Recipe recipe = RecipeRun.RecipeOf(run, BuiltIn.Catalog);
        if (!File.Exists(run.WeightsPath))
            throw new CheckpointException(run.WeightsPath, "the run has no weights", run.Manifest.SourceRun is { } source ? $"audit the run it came from: {source}" : $"finish it first: espalier run --resume {path}");
        RecipeData data = RecipeData.Load(recipe, run.Folder);
        ObjectiveTask.RequireSameData(run, data.Loaded);
        return new SavedRun(run, recipe, data, device);
    }

    /// <summary>Runs the audits that a recipe names, into another run's folder.</summary>
    /// <param name="recipe">Says which audits.</param>
    /// <param name="run">Where records, numbers and report go.</param>
    /// <param name="ema">Whether to take the averaged weights; where null, they are taken if there are any.</param>
    /// <param name="progress">Told how far each stage is.</param>
    /// <param name="weights">Another safetensors file of the same network, such as an average made afterwards; the run's where null.</param>
    /// <param name="cancellationToken">Ends the stage under way.</param>
    /// <returns>Whether it was completed; otherwise it was cancelled.</returns>
    /// <exception cref="CheckpointException">The weights are missing, broken, or another network's.</exception>
    public bool Audit(Recipe recipe, Run run, bool? ema, IProgress<StageProgress>? progress, string? weights = null, CancellationToken cancellationToken = default)
    {
        try
        {
            if (weights is not null && !File.Exists(weights))
                throw new CheckpointException(weights, "does not exist", "name a safetensors file, such as one that espalier ema wrote");
            string file = weights ?? _source.WeightsPath;
            using var model = new TrainedModel(recipe.Objective.HasClasses ? Subject(recipe, file, ema) : LikelihoodAudit.Judge(recipe, _data.Language, run, file, _splits, ema, progress));
            StageRunner.Run(recipe, model, run, progress, cancellationToken);
            RunReport.Write(run, recipe);
            run.Finish(RunStatus.Completed);
            return true;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            run.Finish(RunStatus.Interrupted);
            return false;
        }
        catch (EspalierException error)
        {
            run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }

    /// <summary>The run's network, to be audited.</summary>
    /// <param name="weights">Another safetensors file of the same network; the run's where null.</param>
    /// <param name="ema">Whether to take the averaged weights; where null, they are taken if there are any.</param>
    /// <returns>The caller's.</returns>
    /// <exception cref="CheckpointException">The weights are missing, broken, or another network's.</exception>
    public AuditedModel Load(string? weights = null, bool? ema = null) => AuditedModel.Load(Recipe, weights ?? _source.WeightsPath, _splits.Test, _device, ema, _data.Language);

    /// <summary>Writes the run's network as ONNX, with a sidecar that says what goes in and what comes out.</summary>
    /// <param name="path">The file.</param>
    /// <param name="ema">Whether to take the averaged weights; where null, they are taken if there are any.</param>
    /// <param name="weights">Another safetensors file of the same network; the run's where null.</param>
    /// <param name="options">How; names and metadata are filled in.</param>
    /// <param name="fixedLength">Of a network for text: whether the file takes one number of tokens only.</param>
    /// <exception cref="CheckpointException">The weights are missing, broken, or another network's.</exception>
    /// <exception cref="OnnxExportException">The file would not compute what the network does; none is written.</exception>
    public OnnxExportReport Export(string path, bool? ema = null, string? weights = null, OnnxExportOptions? options = null, bool fixedLength = false)
    {
        OptionsException.Require(Recipe.Objective.Kind != ObjectiveKind.Density, "run", Folder, "must be a classifier or a model of text: a density cannot be written as ONNX");
        using AuditedModel model = AuditedModel.Load(Recipe, weights ?? _source.WeightsPath, _splits.Test, _device, ema, _data.Language);
        IDifferentiableClassifier classifier = model.Classifier;
        bool classifies = model.Network is not (MaskedLanguageModel or CausalLanguageModel);
        var sidecar = new OnnxClassifierOptions
        {
            Input = _data.Language is null ? "input" : "ids",
            Output = "logits",
            InputShape = classifier.InputShape,
            Lower = _data.Language is null ? Finite(classifier.Bounds.Lower, -1e30) : 0,
            Upper = _data.Language is { } language ? language.Tokenizer.VocabularySize - 1 : Finite(classifier.Bounds.Upper, 1e30),
            OutputKind = OnnxOutputKind.Logits,
            Labels = _splits.Test.ClassNames,
        };
        OnnxInput input = _data.Language is null
            ? new OnnxInput(sidecar.Input, classifier.InputShape, Lower: Math.Max(sidecar.Lower, -4), Upper: Math.Min(sidecar.Upper, 4))
            : new OnnxInput(sidecar.Input, classifier.InputShape, torch.ScalarType.Int64, sidecar.Lower, sidecar.Upper) { IsSequence = !fixedLength };
        OnnxExportReport report = OnnxExporter.Export(model.Network, path, [input], (options ?? new()) with { ModelName = Recipe.Name, Metadata = Metadata() });

        // A language model gives a score per token, not per class.
        if (classifies)
            sidecar.WriteFor(path);
        return report;

        static double Finite(double bound, double otherwise) => double.IsFinite(bound) ? bound : otherwise;
    }

    /// <summary>What an exported file says of its origin: enough to judge it again on the same data.</summary>
    private Dictionary<string, string> Metadata() => new()
    {
        [OnnxOrigin.DataKey] = System.Text.Json.JsonSerializer.Serialize(Recipe.Data, RecipeJson.Options),
        ["espalier.model"] = System.Text.Json.JsonSerializer.Serialize(Recipe.Model, RecipeJson.Options),
        ["labels"] = System.Text.Json.JsonSerializer.Serialize(_splits.Test.ClassNames),
    };

    private AuditSubject Subject(Recipe recipe, string file, bool? ema)
    {
        AuditedModel model = AuditedModel.Load(Recipe, file, _splits.Test, _device, ema, _data.Language);
        AuditedModel? raw = model.IsEma && recipe.Evaluate is not null ? AuditedModel.Load(Recipe, file, _splits.Test, _device, ema: false, _data.Language) : null;
        return new AuditSubject(model.Network, model.Classifier, _splits, [model, .. raw is null ? (IDisposable[])[] : [raw]])
        {
            Raw = (raw ?? model).Classifier,
            Averaged = raw is null ? null : model.Classifier,
            Probed = [model],
            Texts = _data.Language is { } language ? text => RecipeOutliers.TextForTest(text, recipe, language, _splits.Test.Device) : null,
        };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _source.Dispose();
        _data.Dispose();
    }
}
