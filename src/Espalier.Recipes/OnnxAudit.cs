using System.Text.Json;
using Espalier.Data;
using Espalier.Onnx;
using Espalier.Recipes.Reports;
using Espalier.Recipes.Stages;
using Espalier.Runs;

namespace Espalier.Recipes;

/// <summary>Judges ONNX files as saved runs are judged.</summary>
public static class OnnxAudit
{
    /// <summary>Under which name an exported file keeps the data section of its recipe.</summary>
    internal const string DataKey = "espalier.data";

    /// <summary>The data that a file was exported with.</summary>
    /// <param name="classifier">The model.</param>
    /// <returns>Null where the file does not say.</returns>
    public static DataOptions? DataOf(OnnxClassifier classifier)
    {
        if (!classifier.Metadata.TryGetValue(DataKey, out string? text))
            return null;
        try
        {
            return JsonSerializer.Deserialize<DataOptions>(text, RecipeJson.Options);
        }
        catch (JsonException error)
        {
            throw new DataException(classifier.Path, $"has unreadable metadata '{DataKey}'", "name the data with --data", error);
        }
    }

    /// <summary>Accuracy and calibration on the test split of a data set, into a run's folder.</summary>
    /// <param name="classifier">The model.</param>
    /// <param name="data">Which data, and how it is cut.</param>
    /// <param name="options">How the model is judged.</param>
    /// <param name="run">Where record, numbers and report go.</param>
    /// <exception cref="DataException">The data is missing, or of other classes than the model.</exception>
    /// <exception cref="ShapeException">The data has another shape than the model takes.</exception>
    public static EvaluateRecord Evaluate(OnnxClassifier classifier, DataOptions data, EvaluateOptions options, Run run)
    {
        var recipe = new Recipe { Name = "onnx", Title = Path.GetFileName(classifier.Path), Data = data, Evaluate = options };
        try
        {
            using LoadedData loaded = OptionsException.Within("data", () => DataCatalog.Default.Load(data));
            Dataset test = loaded.Splits.Test;
            if (!test.InputShape.SequenceEqual(classifier.InputShape))
                throw new ShapeException($"data {loaded.Info.Name}", test.InputShape, $"[{string.Join(", ", classifier.InputShape)}], as the model takes");
            if (test.ClassCount != classifier.ClassCount)
                throw new DataException(loaded.Info.Name, $"has {test.ClassCount} classes, the model {classifier.ClassCount}", "name the data that the model was trained on");
            run.Update(m => m with { DataChecksums = loaded.Checksums });
            var record = new EvaluateRecord(test.ClassNames, test.Count, EvaluateStage.Run(classifier, test, options), null);
            StageFile.Write(run, "evaluate", record);
            foreach ((string name, double value) in EvaluateStage.Summarize("evaluate", record.Raw))
                run.Summary.Set(name, value);
            run.Summary.Save();
            RunReport.Write(run, recipe);
            run.Finish(RunStatus.Completed);
            return record;
        }
        catch (EspalierException error)
        {
            run.Finish(RunStatus.Failed, error.Message);
            throw;
        }
    }
}
