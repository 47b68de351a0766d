using System.Reflection;
using Espalier.Networks;
using Espalier.Networks.Density;
using Espalier.Networks.Gmlp;
using Espalier.Networks.Layers;
using Espalier.Networks.Text;
using static TorchSharp.torch;

namespace Espalier.Tests.Networks;

/// <summary>
/// A network takes everything it holds along to another device, also what is no part of its state. The device "meta", of
/// shapes without values, takes the place of an accelerator.
/// </summary>
public sealed class DeviceTests
{
    private static readonly Device Elsewhere = new(DeviceType.META);

    public static TheoryData<string> VisionFamilies => ["gmlp", "vit", "mixer", "resmlp", "resnet", "wrn", "allconv", "cnn", "mlp", "encoder"];

    [Theory]
    [MemberData(nameof(VisionFamilies))]
    public void A_network_for_images_leaves_nothing_behind(string name)
    {
        using var scope = NewDisposeScope();
        var options = new ModelOptions
        {
            Name = name,
            Gmlp = new() { PatchSize = 7, DModel = 16, DFfn = 32, Layers = 2, InputMean = [0.5], InputStd = [0.25] },
            Vit = new() { PatchSize = 7, DModel = 16, Layers = 2, Heads = 2 },
            Mixer = new() { PatchSize = 7, DModel = 16, Layers = 2 },
            ResMlp = new() { PatchSize = 7, DModel = 16, Layers = 2 },
            Mlp = new() { InputMean = [0.5], InputStd = [0.25] },
        };
        using var module = ModelZoo.Create(options, [1, 28, 28], 10, 1);

        module.to(Elsewhere);

        AssertNothingIsLeftBehind(module);
    }

    [Theory]
    [InlineData("gmlp_text", SpatialForm.Toeplitz, false)]
    [InlineData("gmlp_text", SpatialForm.Dense, true)]
    [InlineData("gmlp_text", SpatialForm.Toeplitz, true)]
    [InlineData("bert", SpatialForm.Dense, false)]
    [InlineData("gpt", SpatialForm.Dense, true)]
    [InlineData("gru", SpatialForm.Dense, true)]
    public void A_network_for_text_leaves_nothing_behind(string name, SpatialForm form, bool causal)
    {
        using var scope = NewDisposeScope();
        var options = new ModelOptions
        {
            Name = name,
            GmlpText = new() { DModel = 16, DFfn = 32, Layers = 2, SpatialForm = form, Causal = causal },
            Bert = new() { DModel = 16, Heads = 2, Layers = 2 },
            Gpt = new() { DModel = 16, Heads = 2, Layers = 2 },
        };
        using TextEncoder encoder = ModelZoo.CreateText(options, 50, 12, new TextTokens(0), 1);

        encoder.to(Elsewhere);

        AssertNothingIsLeftBehind(encoder);
    }

    [Fact]
    public void A_density_leaves_nothing_behind()
    {
        using var density = new PixelCnn(new() { Blocks = 1 });

        density.to(Elsewhere);

        AssertNothingIsLeftBehind(density);
    }

    [Fact]
    public void What_is_no_part_of_the_state_stays_so_after_a_move()
    {
        using var scope = NewDisposeScope();
        using var layer = new Standardization([0.5], [0.25]);

        layer.to(Elsewhere);

        Assert.Empty(layer.state_dict());
        Assert.Equal(DeviceType.META, layer.get_buffer("mean")!.device_type);
    }

    private static void AssertNothingIsLeftBehind(nn.Module network)
    {
        int seen = 0;
        foreach ((string name, Tensor parameter) in network.named_parameters().Select(p => (p.name, (Tensor)p.parameter)))
        {
            Assert.True(parameter.device_type == DeviceType.META, $"{name} stayed on {parameter.device}");
            seen++;
        }

        foreach (nn.Module module in network.modules().Prepend(network))
        {
            for (Type? type = module.GetType(); type is not null && type != typeof(nn.Module); type = type.BaseType)
            {
                foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                {
                    IEnumerable<Tensor> held = field.GetValue(module) switch
                    {
                        Tensor one => [one],
                        IEnumerable<KeyValuePair<string, Tensor>> many => many.Select(p => p.Value),
                        _ => [],
                    };
                    foreach (Tensor tensor in held)
                    {
                        Assert.True(tensor.device_type == DeviceType.META, $"{module.GetName()}.{field.Name} stayed on {tensor.device}");
                        seen++;
                    }
                }
            }
        }

        Assert.True(seen > 0);
    }
}
