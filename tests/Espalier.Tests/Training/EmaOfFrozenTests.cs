using Espalier.Training.Averages;
using Espalier.Training.Loop;
using TorchSharp.Modules;

namespace Espalier.Tests.Training;

/// <summary>Averages of models that are frozen in part, tied, or in half precision.</summary>
public sealed class EmaOfFrozenTests
{
    private static Sequential Network(torch.ScalarType type = torch.ScalarType.Float32) =>
        torch.nn.Sequential(("backbone", torch.nn.Linear(2, 2, dtype: type)), ("head", torch.nn.Linear(2, 2, dtype: type)));

    private static void Fill(torch.nn.Module module, double value)
    {
        using var noGradients = torch.no_grad();
        foreach (Parameter parameter in module.parameters())
            parameter.fill_(value);
    }

    private static double[] Values(torch.nn.Module module) => [.. module.parameters().Select(p => p.to(torch.float64).mean().ToDouble())];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_copy_takes_every_weight_whether_it_requires_gradients_or_not(bool isFrozen)
    {
        using Sequential model = Network();
        using Sequential copy = Network();
        Fill(model, 1);
        Fill(copy, -5);
        foreach (Parameter parameter in copy.parameters())
            parameter.requires_grad_(!isFrozen);
        using var flat = new FlatParameters(model);
        using var ema = new ModelEma(model, flat, new() { Momentum = 0.5 }, new(), 16, 100);
        using (torch.no_grad())
            flat.Values.fill_(3);
        ema.Update(16);
        ema.CopyTo(copy);
        Assert.All(Values(copy), v => Assert.Equal(2, v, 1e-6));
    }

    [Fact]
    public void A_frozen_teacher_follows()
    {
        using Sequential model = Network();
        using Sequential teacher = Network();
        Fill(model, 1);
        foreach (Parameter parameter in teacher.parameters())
            parameter.requires_grad_(false);
        using var flat = new FlatParameters(model);
        using var ema = new ModelEma(model, flat, new() { Momentum = 0.5 }, new(), 16, 100);
        ema.BindTo(teacher);
        using (torch.no_grad())
            flat.Values.fill_(3);
        ema.Update(16);
        Assert.All(Values(teacher), v => Assert.Equal(2, v, 1e-6));
    }

    [Fact]
    public void A_frozen_backbone_is_copied_and_bound_as_it_is()
    {
        using Sequential model = Network();
        using Sequential copy = Network();
        using Sequential teacher = Network();
        Fill(model, 1);
        foreach (Parameter parameter in model.named_children().First().module.parameters())
            parameter.requires_grad_(false);
        using var flat = new FlatParameters(model);
        using var ema = new ModelEma(model, flat, new() { Momentum = 0.5 }, new(), 16, 100);
        ema.BindTo(teacher);
        using (torch.no_grad())
            flat.Values.fill_(3);
        ema.Update(16);
        ema.CopyTo(copy);
        Assert.Equal([1, 1, 2, 2], Values(copy).Select(v => Math.Round(v, 5)));
        Assert.Equal([1, 1, 2, 2], Values(teacher).Select(v => Math.Round(v, 5)));
    }

    [Theory]
    [InlineData(torch.ScalarType.BFloat16)]
    [InlineData(torch.ScalarType.Float16)]
    public void The_average_of_half_precision_moves_and_so_do_copy_and_teacher(torch.ScalarType type)
    {
        using Sequential model = Network(type);
        using Sequential copy = Network();
        using Sequential teacher = Network(type);
        Fill(model, 1);
        using var flat = new FlatParameters(model);
        using var ema = new ModelEma(model, flat, new() { Momentum = 0.999 }, new(), 16, 100);
        ema.BindTo(teacher);
        Assert.Equal(torch.float32, ema.Weights.dtype);
        using (torch.no_grad())
            flat.Values.fill_(2);
        for (int i = 0; i < 1000; i++)
            ema.Update(16);

        // 2 - 0.999^1000
        double expected = 2 - Math.Pow(0.999, 1000);
        ema.CopyTo(copy);
        Assert.All(Values(copy), v => Assert.Equal(expected, v, 1e-4));
        Assert.All(Values(teacher), v => Assert.Equal(expected, v, 1e-2));
        using (ema.Swap())
            Assert.All(Values(model), v => Assert.Equal(expected, v, 1e-2));
        Assert.All(Values(model), v => Assert.Equal(2, v));
        Assert.Equal(expected, ema.Weights.mean().ToDouble(), 1e-4);
    }

    [Fact]
    public void A_tied_weight_has_the_average_under_each_of_its_names()
    {
        using var scope = torch.NewDisposeScope();
        using Tied model = new();
        using Tied copy = new();
        using var flat = new FlatParameters(model);
        using var ema = new ModelEma(model, flat, new() { Momentum = 0.5 }, new(), 16, 100);
        using (torch.no_grad())
        {
            Tensor start = ema.Weights.clone();
            flat.Values.add_(2);
            ema.Update(16);
            ema.CopyTo(copy);
            Assert.True(copy.Weight.flatten().allclose(start + 1));
        }
    }

    private sealed class Tied : torch.nn.Module<Tensor, Tensor>
    {
        private readonly Linear _first = torch.nn.Linear(2, 2, hasBias: false);
        private readonly Linear _second = torch.nn.Linear(2, 2, hasBias: false);

        public Tied() : base(nameof(Tied))
        {
            _second.weight = _first.weight;
            RegisterComponents();
        }

        public Tensor Weight => _second.weight!;

        public override Tensor forward(Tensor input) => _second.call(_first.call(input));
    }
}
