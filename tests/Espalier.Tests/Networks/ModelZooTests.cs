using System.Text.Json;
using System.Text.Json.Serialization;
using Espalier.Errors;
using Espalier.Networks;
using Espalier.Networks.Gmlp;

namespace Espalier.Tests.Networks;

public sealed class ModelZooTests
{
    private static readonly JsonSerializerOptions Settings = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    [Fact]
    public void Options_come_from_json()
    {
        const string Json = """
            { "name": "gmlp", "gmlp": { "patchSize": 2, "dModel": 8, "dFfn": 16, "layers": 2, "spatialForm": "Toeplitz", "inputMean": [0.5] } }
            """;
        ModelOptions options = JsonSerializer.Deserialize<ModelOptions>(Json, Settings)!;
        using var scope = torch.NewDisposeScope();
        using var model = ModelZoo.Create(options, [1, 8, 8], 10, seed: 1);
        Assert.Equal([3, 10], model.call(torch.rand(3, 1, 8, 8)).shape);
        Assert.Equal(0.5, ((GmlpVision)model).Options.InputMean[0]);
        Assert.Equal(SpatialForm.Toeplitz, ((GmlpVision)model).Options.SpatialForm);
    }

    [Fact]
    public void An_unknown_name_is_answered_with_a_near_one()
    {
        var error = Assert.Throws<NotFoundException>(() => ModelZoo.Create(new ModelOptions { Name = "gmlp_s16" }, [3, 224, 224], 10, 1));
        Assert.Contains("gmlp_s16_224", error.Message);
    }

    [Fact]
    public void What_contradicts_the_data_is_refused()
    {
        var classes = new ModelOptions { Name = "mlp", Mlp = new() { Classes = 3 } };
        Assert.Equal("mlp.classes", Assert.Throws<OptionsException>(() => ModelZoo.Create(classes, [4], 2, 1)).Option);
        var preset = new ModelOptions { Name = "gmlp_ti16_224" };
        Assert.Equal("gmlp.imageHeight", Assert.Throws<OptionsException>(() => ModelZoo.Create(preset, [3, 32, 32], 10, 1)).Option);
        Assert.Throws<ShapeException>(() => ModelZoo.Create(new ModelOptions(), [10], 2, 1));
    }

    [Fact]
    public void An_mlp_is_the_composition_of_its_layers()
    {
        using var scope = torch.NewDisposeScope();
        var options = new ModelOptions { Name = "mlp", Mlp = new() { HiddenSizes = [400, 7], InputMean = [1], InputStd = [2] } };
        using var model = ModelZoo.Create(options, [2, 50], 3, seed: 4);
        using var _ = torch.no_grad();
        var p = model.named_parameters().ToDictionary(q => q.name, q => q.parameter);
        Tensor x = torch.rand(5, 2, 50);
        Tensor h = torch.nn.functional.relu(((x.view(5, 100) - 1) / 2).matmul(p["layers.0.weight"].t()) + p["layers.0.bias"]);
        h = torch.nn.functional.relu(h.matmul(p["layers.1.weight"].t()) + p["layers.1.bias"]);
        Tensor expected = h.matmul(p["layers.2.weight"].t()) + p["layers.2.bias"];
        Assert.InRange((model.call(x) - expected).abs().max().ToDouble(), 0, 1e-5);
        Assert.InRange(p["layers.0.weight"].abs().max().ToDouble(), 0.0999, 0.1);
        Assert.Equal(0.1 / Math.Sqrt(3), p["layers.0.weight"].std().ToDouble(), 1e-3);
        Assert.Throws<ShapeException>(() => model.call(torch.rand(5, 99)));
    }
}
