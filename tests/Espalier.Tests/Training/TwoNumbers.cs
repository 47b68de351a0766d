using TorchSharp.Modules;

namespace Espalier.Tests.Training;

/// <summary>A model of two parameters, a and b, of which a test says what they cost.</summary>
internal sealed class TwoNumbers : torch.nn.Module
{
    private readonly Parameter _a;
    private readonly Parameter _b;

    public TwoNumbers(double a, double b) : base(nameof(TwoNumbers))
    {
        _a = new Parameter(torch.tensor(new[] { a }));
        _b = new Parameter(torch.tensor(new[] { b }));
        register_parameter("a", _a);
        register_parameter("b.weight", _b);
    }

    public Tensor A => _a;

    public Tensor B => _b;

    public (double A, double B) Values => (_a.item<double>(), _b.item<double>());
}
