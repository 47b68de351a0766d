namespace Espalier.Tests.Representation;

/// <summary>Deterministic matrices that the PyTorch references were computed on as well: sin(a·i + 0.3)·(1 + 0.1·i), row-major.</summary>
internal static class Waves
{
    public static Tensor Matrix(int rows, int columns, double a, double scale = 1)
    {
        Tensor i = torch.arange(rows * columns, dtype: torch.float64).view(rows, columns);
        return ((a * i) + 0.3).sin() * (1 + (0.1 * i)) * scale;
    }
}
