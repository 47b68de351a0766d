using System.Text.Json.Nodes;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Cli;

public sealed class ScaleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_verified_change_of_the_batch_size_is_reported_as_json()
    {
        JsonObject result = Scale("--batch-size", "128", "--verify", "--samples", "512");
        Assert.Equal(result["batchSize"]!.GetValue<int>() / (double)result["baseBatchSize"]!, (double)result["kappa"]!, 1e-12);
        Assert.True((double)result["estimate"]!["noiseTrace"]! > 0);
        JsonObject verification = result["verification"]!.AsObject();
        Assert.Equal(512, (long)verification["samples"]!);
        Assert.True((double)verification["scaled"]!["weights"]! > 0);
        Assert.True((double)verification["reordered"]!["weights"]! > 0);
        Assert.Contains("length (samples)", result["kept"]!.AsArray().Select(k => (string)k!["name"]!));
    }

    [Fact]
    public void Without_an_estimate_nothing_is_trained_and_a_batch_beyond_the_data_is_a_warning()
    {
        JsonObject result = Scale("--batch-size", "100000", "--no-estimate");
        Assert.Null(result["estimate"]);
        Assert.Null(result["verification"]);
        Assert.Contains("batchSize", result["warnings"]!.AsArray().Select(w => (string)w!["name"]!));
    }

    private JsonObject Scale(params string[] arguments)
    {
        CommandResult result = InProcess.Run(["scale", _folder.Write("tiny.json", TinyRecipe.Digits), "--json", "--quiet", .. arguments]);
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        return JsonNode.Parse(result.Output)!.AsObject();
    }
}
