using System.Text.Json;
using Espalier.Data.Catalog;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Onnx.Classification;
using Espalier.Recipes.Engine;

namespace Espalier.Recipes;

/// <summary>What an exported ONNX file remembers of the data that its network was made for.</summary>
public static class OnnxOrigin
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
            return StrictJson.Read<DataOptions>(text, RecipeJson.Options);
        }
        catch (JsonException error)
        {
            throw new DataException(classifier.Path, $"has unreadable metadata '{DataKey}'", "name the data with --data", error);
        }
    }
}
