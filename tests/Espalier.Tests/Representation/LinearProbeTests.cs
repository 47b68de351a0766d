using Espalier.Errors;
using Espalier.Representation.Evaluation;

namespace Espalier.Tests.Representation;

public sealed class LinearProbeTests
{
    [Fact]
    public void It_finds_the_optimum_that_newtons_method_finds()
    {
        // Newton's method in torch 1.13 on the same twelve points: mean cross-entropy + 1e-3·‖W‖² on standardized features,
        // translated back to raw features; the bias centred.
        using var scope = torch.NewDisposeScope();
        (Tensor x, Tensor y) = Twelve();
        using LinearProbeResult result = new LinearProbe(new() { GradientTolerance = 1e-9 }).Run(x, y, x, y);
        Assert.Equal(0.716481428652346, result.Loss, 10);
        double[] weights = [-0.6372214260637878, 0.24684102447623757, -0.8872660175592266, 1.0630386420007079, 1.5244874436229945, -1.309879666476952];
        double[] bias = [0.7114237750672723, -0.32688683908168004, -0.38453693598558797];
        Close(weights, result.Weights.flatten(), 1e-6);
        Close(bias, result.Bias - (result.Bias + result.Weights.mv(x.mean([0L]))).mean(), 1e-6);
        Assert.True(result.Converged);
        Assert.Equal(result.TrainAccuracy, result.Accuracy);
    }

    [Fact]
    public void The_gradient_is_zero_at_the_end()
    {
        using var scope = torch.NewDisposeScope();
        (Tensor x, Tensor y) = Blobs(300, 20, 6, 1);
        using LinearProbeResult result = new LinearProbe(new()).Run(x, y, x, y);
        // Autograd of the objective, written again from its definition.
        Tensor deviation = x.std(0, unbiased: false), mean = x.mean([0L]);
        Tensor w = (result.Weights * deviation).requires_grad_(), b = (result.Bias + result.Weights.mv(mean)).requires_grad_();
        Tensor loss = torch.nn.functional.cross_entropy(((x - mean) / deviation).mm(w.t()) + b, y) + (1e-3 * w.pow(2).sum());
        loss.backward();
        Assert.Equal(loss.ToDouble(), result.Loss, 10);
        Assert.True(w.grad!.abs().max().ToDouble() <= 1e-6);
        Assert.True(b.grad!.abs().max().ToDouble() <= 1e-6);
        Assert.True(result.GradientNorm <= 1e-6);
    }

    [Fact]
    public void Two_starts_end_at_the_same_optimum()
    {
        using var scope = torch.NewDisposeScope();
        (Tensor x, Tensor y) = Blobs(200, 8, 4, 2);
        var probe = new LinearProbe(new() { GradientTolerance = 1e-8 });
        var random = new Random(3);
        double[] start = [.. Enumerable.Range(0, 4 * 9).Select(_ => (random.NextDouble() * 20) - 10)];
        using LinearProbeResult a = probe.Run(x, y, x, y), b = probe.Run(x, y, x, y, start, TestContext.Current.CancellationToken);
        Assert.True(a.Converged && b.Converged);
        Assert.Equal(a.Loss, b.Loss, 10);
        Close(a.Weights.flatten().data<double>().ToArray(), b.Weights.flatten(), 1e-5);
        // A constant added to all biases changes nothing, so only their differences are determined.
        Close((a.Bias - a.Bias.mean()).data<double>().ToArray(), b.Bias - b.Bias.mean(), 1e-5);
    }

    [Fact]
    public void Units_and_offsets_of_the_features_do_not_matter()
    {
        using var scope = torch.NewDisposeScope();
        (Tensor x, Tensor y) = Blobs(200, 8, 4, 2);
        (Tensor test, Tensor truth) = Blobs(200, 8, 4, 5);
        var probe = new LinearProbe(new());
        using LinearProbeResult a = probe.Run(x, y, test, truth), b = probe.Run((x * 1000) - 7, y, (test * 1000) - 7, truth);
        Assert.Equal(a.Accuracy, b.Accuracy);
        Assert.Equal(a.Loss, b.Loss, 8);
        Assert.InRange(a.Accuracy, .5, 1);
        Assert.InRange(a.TopFiveAccuracy, 1, 1); // four classes
    }

    [Fact]
    public void A_dimension_that_never_varies_does_no_harm()
    {
        using var scope = torch.NewDisposeScope();
        (Tensor x, Tensor y) = Blobs(100, 4, 3, 2);
        Tensor constant = torch.cat([x, torch.full([100, 1], 3.0, dtype: torch.float64)], 1);
        var probe = new LinearProbe(new());
        using LinearProbeResult a = probe.Run(x, y, x, y), b = probe.Run(constant.to(torch.float32), y, constant.to(torch.float32), y);
        Assert.Equal(a.Loss, b.Loss, 6);
        Assert.True(b.Converged);
    }

    [Fact]
    public void Features_that_cannot_be_used_are_refused()
    {
        using var scope = torch.NewDisposeScope();
        var probe = new LinearProbe(new());
        (Tensor x, Tensor y) = Blobs(20, 4, 3, 2);
        Tensor broken = x.clone();
        broken[3, 2] = double.NaN;
        Assert.Contains("row 3, dimension 2", Assert.Throws<DataException>(() => probe.Run(broken, y, x, y)).Message, StringComparison.Ordinal);
        Assert.Throws<DataException>(() => probe.Run(x, torch.ones_like(y), x, y));
        Assert.Throws<ShapeException>(() => probe.Run(x, y, x.narrow(1, 0, 3), y));
        Assert.Throws<ShapeException>(() => probe.Run(x, y.narrow(0, 0, 5), x, y));
        Assert.Equal("l2", Assert.Throws<OptionsException>(() => new LinearProbe(new() { L2 = 0 })).Option);
    }

    private static (Tensor X, Tensor Y) Twelve()
    {
        Tensor y = torch.arange(12, dtype: torch.int64) % 3;
        y[4] = 0L;
        return (Waves.Matrix(12, 2, .9), y);
    }

    private static (Tensor X, Tensor Y) Blobs(int n, int d, int classes, ulong seed)
    {
        Tensor y = torch.arange(n, dtype: torch.int64) % classes;
        Tensor centres = torch.randn(classes, d, dtype: torch.float64, generator: new torch.Generator(77));
        return (centres.index_select(0, y) + torch.randn(n, d, dtype: torch.float64, generator: new torch.Generator(seed)), y);
    }

    private static void Close(double[] expected, Tensor actual, double tolerance)
    {
        double[] values = actual.data<double>().ToArray();
        Assert.Equal(expected.Length, values.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], values[i], tolerance);
    }
}
