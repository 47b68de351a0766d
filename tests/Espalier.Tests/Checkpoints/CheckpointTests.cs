using System.Text.Json;
using Espalier.Errors;
using Espalier.Models;
using Espalier.Networks;
using Espalier.Networks.Checkpoints;
using Espalier.Networks.Vision;
using Espalier.Tests.Cli;
using Espalier.Tests.Data;
using Espalier.Tests.Recipes;

namespace Espalier.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private static readonly ModelOptions Small = new() { Gmlp = new() { PatchSize = 4, DModel = 8, DFfn = 12, Layers = 2 } };

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public CheckpointTests() => _path = _folder.File("model.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_strict_load_names_everything_and_changes_nothing()
    {
        using var saved = Network(1);
        Dictionary<string, Tensor> state = saved.state_dict();
        SafetensorsFile.Write(_path,
        [
            .. state.Where(t => t.Key != "stem.proj.bias").Select(t => t.Key == "blocks.0.norm.weight" ? new KeyValuePair<string, Tensor>(t.Key, torch.ones(9)) : t),
            new("blocks.7.norm.weight", torch.ones(8)),
        ]);
        using var network = Network(2);
        byte[] before = Bytes(network);
        string message = Assert.Throws<CheckpointException>(() => Checkpoint.Load(_path, network)).Message;
        Assert.Contains("'stem.proj.bias' is missing", message, StringComparison.Ordinal);
        Assert.Contains("'blocks.0.norm.weight' has shape [9] but the model's is [8]", message, StringComparison.Ordinal);
        Assert.Contains("'blocks.7.norm.weight' is unexpected", message, StringComparison.Ordinal);
        Assert.Equal(before, Bytes(network));

        LoadReport report = Checkpoint.Load(_path, network, options: new() { Strict = false });
        Assert.False(report.IsComplete);
        Assert.Equal(state.Count - 2, report.Loaded.Count);
        Assert.Equal("stem.proj.bias", Assert.Single(report.Missing).Name);
        Assert.Equal("blocks.7.norm.weight", Assert.Single(report.Unexpected).Name);
        Assert.Equal("blocks.0.norm.weight", Assert.Single(report.ShapeMismatch).Name);
        Assert.True(network.state_dict()["blocks.1.norm.weight"].equal(state["blocks.1.norm.weight"]).all().item<bool>());
    }

    [Fact]
    public void A_file_that_ends_early_changes_nothing()
    {
        using var saved = Network(1);
        Checkpoint.Save(saved, _path);
        using var network = Network(2);
        byte[] before = Bytes(network);
        byte[] whole = File.ReadAllBytes(_path);
        File.WriteAllBytes(_path, whole[..^40]);
        Assert.Throws<CheckpointException>(() => Checkpoint.Load(_path, network, options: new() { Strict = false }));
        Assert.Equal(before, Bytes(network));
    }

    [Fact]
    public void Other_classes_leave_the_head_fresh_and_say_so()
    {
        using var saved = Network(1);
        Checkpoint.Save(saved, _path);
        using var network = Network(2, classes: 7);
        Assert.Throws<CheckpointException>(() => Checkpoint.Load(_path, network));
        using Tensor head = network.state_dict()["head.weight"].clone();
        LoadReport report = Checkpoint.Load(_path, network, options: new() { NumClasses = 7 });
        Assert.Equal(["head.bias", "head.weight"], report.Reinitialized.Select(t => t.Name).Order(StringComparer.Ordinal));
        Assert.Contains("[5, 8]", report.Reinitialized.Single(t => t.Name == "head.weight").Note, StringComparison.Ordinal);
        Assert.True(network.state_dict()["head.weight"].equal(head).all().item<bool>());
        Assert.True(network.state_dict()["norm.weight"].equal(saved.state_dict()["norm.weight"]).all().item<bool>());
    }

    [Fact]
    public void A_stem_for_colours_is_summed_for_grey_images_where_asked()
    {
        using var saved = Network(1);
        Checkpoint.Save(saved, _path);
        using var network = ModelZoo.Create(Small, [1, 8, 8], 5, 2);
        Assert.Throws<CheckpointException>(() => Checkpoint.Load(_path, network));
        LoadReport report = Checkpoint.Load(_path, network, options: new() { GrayscaleStem = true });
        Assert.Contains("summed over 3 channels", Assert.Single(report.Converted).Note, StringComparison.Ordinal);
        saved.eval();
        network.eval();

        // A grey image in three equal channels gives what the sum gives on one.
        using Tensor grey = torch.rand(2, 1, 8, 8);
        Assert.True(network.call(grey).allclose(saved.call(grey.expand(2, 3, 8, 8)), 1e-5, 1e-6));
    }

    [Fact]
    public void Types_are_converted_and_reported()
    {
        using var saved = Network(1);
        SafetensorsFile.Write(_path, [.. saved.state_dict().Select(t => new KeyValuePair<string, Tensor>(t.Key, t.Value.to(torch.float16)))]);
        using var network = Network(2);
        LoadReport report = Checkpoint.Load(_path, network);
        Assert.Empty(report.Loaded);
        Assert.All(report.Converted, t => Assert.Contains("Float16 to Float32", t.Note, StringComparison.Ordinal));
        Assert.True(network.state_dict()["head.weight"].dtype == torch.float32);
        Assert.All(network.parameters(), p => Assert.True(p.requires_grad));
    }

    [Fact]
    public void Averaged_weights_are_taken_where_there_are_any()
    {
        using var saved = Network(1);
        using var averaged = Network(3);
        SafetensorsFile.Write(_path, [.. saved.state_dict(), .. averaged.state_dict().Select(t => new KeyValuePair<string, Tensor>("ema." + t.Key, t.Value))]);
        using var network = Network(2);
        Assert.True(Checkpoint.Load(_path, network).IsComplete);
        Assert.Equal(Bytes(averaged), Bytes(network));
        Checkpoint.Load(_path, network, options: new() { Averaged = false });
        Assert.Equal(Bytes(saved), Bytes(network));
    }

    [Fact]
    public void What_is_saved_says_what_it_is_in_timms_fields()
    {
        using var network = Network(1);
        Checkpoint.Save(network, _path, PretrainedConfig.Of("gmlp_small", (VisionNetwork)network));
        using JsonDocument config = JsonDocument.Parse(File.ReadAllText(_folder.File("config.json")));
        Assert.Equal("gmlp_small", config.RootElement.GetProperty("architecture").GetString());
        Assert.Equal(5, config.RootElement.GetProperty("num_classes").GetInt32());
        Assert.Equal(8, config.RootElement.GetProperty("num_features").GetInt32());
        Assert.Equal([3, 8, 8], config.RootElement.GetProperty("pretrained_cfg").GetProperty("input_size").EnumerateArray().Select(v => v.GetInt32()));
        Assert.Equal(0.875, config.RootElement.GetProperty("pretrained_cfg").GetProperty("crop_pct").GetDouble());
    }

    [Fact]
    public void A_recipe_starts_any_network_from_weights()
    {
        using var network = ModelZoo.Create(new() { Gmlp = new() { PatchSize = 4, DModel = 16, DFfn = 32, Layers = 1 } }, [1, 8, 8], 4, seed: 1);
        Checkpoint.Save(network, _path);
        string recipe = _folder.Write("tiny.json", TinyRecipe.Digits.Replace("\"name\": \"gmlp\",", $"\"name\": \"gmlp\", \"weights\": {JsonSerializer.Serialize(_path)},", StringComparison.Ordinal));
        CommandResult result = InProcess.Run("run", recipe, "--quiet", "--out", _folder.File("run"));
        Assert.True(result.ExitCode == 0, result.Error);
        File.WriteAllBytes(_path, [1, 2, 3]);
        Assert.Equal(2, InProcess.Run("run", recipe, "--quiet", "--out", _folder.File("other")).ExitCode);
    }

    [Fact]
    public void The_command_converts_published_weights_and_reports_each()
    {
        ReferenceModel.Load("lucidrains").Write(_path);
        CommandResult refused = InProcess.Run("model", "convert", _path, "--arch", "gmlp_text", "--out", _folder.File("out.safetensors"), "--layout", "lucidrainsGmlpText");
        Assert.Equal(2, refused.ExitCode);
        Assert.False(File.Exists(_folder.File("out.safetensors")));

        using var resnet = ModelZoo.Create(new() { Name = "resnet18" }, [3, 64, 64], 6, 1);
        Checkpoint.Save(resnet, _path);
        CommandResult result = InProcess.Run("model", "convert", _path, "--arch", "resnet18", "--input-shape", "3x64x64", "--classes", "4", "--out", _folder.File("out.safetensors"), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using JsonDocument report = JsonDocument.Parse(result.Output);
        Assert.Equal(["fc.weight", "fc.bias"], report.RootElement.GetProperty("reinitialized").EnumerateArray().Select(t => t.GetProperty("name").GetString()));
        Assert.Equal([4L, 512L], SafetensorsFile.Open(_folder.File("out.safetensors")).ShapeOf("fc.weight"));
        Assert.True(File.Exists(_folder.File("config.json")));
    }

    private static torch.nn.Module<Tensor, Tensor> Network(int seed, int classes = 5)
    {
        var network = ModelZoo.Create(Small, [3, 8, 8], classes, seed);
        Onnx.RandomWeights.Fill(network, (ulong)seed);
        return network;
    }

    private static byte[] Bytes(torch.nn.Module module) => [.. module.state_dict().SelectMany(t => t.Value.detach().contiguous().bytes.ToArray())];
}
