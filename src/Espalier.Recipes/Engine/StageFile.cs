using System.Text.Json;
using Espalier.Errors;
using Espalier.Files;
using Espalier.Runs.Store;

namespace Espalier.Recipes.Engine;

/// <summary>The record that each stage leaves in <c>stages/</c> of a run's folder; what the report is made from.</summary>
public static class StageFile
{
    /// <summary>Writes a stage's record; an existing one is replaced at once or not at all.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage's name.</param>
    /// <param name="record">The record.</param>
    public static void Write<T>(Run run, string stage, T record) =>
        AtomicFile.Replace(PathOf(run, stage), JsonSerializer.Serialize(record, RecipeJson.Records));

    /// <summary>Reads a stage's record, or null where the stage did not run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="stage">The stage's name.</param>
    /// <exception cref="DataException">The file cannot be read.</exception>
    public static T? Read<T>(Run run, string stage)
        where T : class
    {
        string path = PathOf(run, stage);
        if (!File.Exists(path))
            return null;
        try
        {
            return StrictJson.ReadFile<T>(path, RecipeJson.Records);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new DataException(path, $"is no record of this stage ({error.Message})", "run the stage again", error);
        }
    }

    private static string PathOf(Run run, string stage) => Path.Combine(run.Folder, "stages", $"{stage}.json");
}
