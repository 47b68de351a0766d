using System.Globalization;

namespace Espalier.Cli.Commands;

/// <summary>
/// Kernels of libtorch beside double precision: those that oneMKL chooses by the processor. Errors are in units of float32's
/// precision, 2⁻²³.
/// </summary>
internal static class TensorCheck
{
    private const double Unit = 1.0 / (1 << 23);
    private const int Size = 257;

    // Vector functions may be off by a few units, a product of n terms by about n, a factorization by a few n; a wrong kernel by millions.
    private const double MostForFunctions = 8;
    private const double MostForProducts = 2 * Size;

    /// <summary>What was found: the greatest error of exp, log, a square and a thin product, and a Cholesky factorization.</summary>
    public static (bool Works, string Detail) Run()
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var generator = new torch.Generator(20);
        Tensor values = torch.rand(100_000, generator: generator) * 40 - 20;
        Tensor matrix = torch.rand([Size, Size], generator: generator) - 0.5;
        Tensor thin = torch.rand([Size, 3], generator: generator) - 0.5;
        Tensor positive = matrix.matmul(matrix.t()) + torch.eye(Size);
        (string Name, double Error, double Most)[] errors =
        [
            ("exp", Relative(values.exp(), Double(values).exp()), MostForFunctions),
            ("log", Relative((values + 20.5).log(), Double(values + 20.5).log(), floor: 1), MostForFunctions),
            ("product", Absolute(matrix.matmul(matrix), Double(matrix).matmul(Double(matrix))), MostForProducts),
            ("thin product", Absolute(matrix.matmul(thin), Double(matrix).matmul(Double(thin))), MostForProducts),
            ("Cholesky", Factorized(positive), MostForProducts),
        ];
        return (errors.All(e => e.Error <= e.Most), "largest errors in units of 2^-23: " + string.Join(", ", errors.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Name} {e.Error:0.#}"))));
    }

    private static Tensor Double(Tensor values) => values.to(torch.float64);

    private static double Relative(Tensor found, Tensor expected, double floor = 0) =>
        ((Double(found) - expected).abs() / expected.abs().clamp_min(floor)).max().ToDouble() / Unit;

    private static double Absolute(Tensor found, Tensor expected) => (Double(found) - expected).abs().max().ToDouble() / Unit;

    private static double Factorized(Tensor positive)
    {
        Tensor lower = Double(torch.linalg.cholesky(positive));
        return (lower.matmul(lower.t()) - Double(positive)).abs().max().ToDouble() / (Double(positive).abs().max().ToDouble() * Unit);
    }
}
