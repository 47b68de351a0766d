using System.Diagnostics;
using System.Globalization;

namespace Espalier.Benchmarks.Micro;

/// <summary>
/// <c>math-kernels [--rounds 60] [--threads 1]</c>: microseconds of operations that libtorch gives to oneMKL, the fastest of the
/// rounds. To be run with and without <c>ESPALIER_MATH_KERNELS=0</c>, which leaves the choice of kernels to oneMKL.
/// </summary>
internal static class MathKernelsCommand
{
    public static void Run(CommandArguments arguments)
    {
        torch.set_num_threads(arguments.Number("--threads") ?? 1);
        int rounds = arguments.Number("--rounds") ?? 60;
        using var all = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        Tensor values = torch.rand(1000, 300) + 0.1;
        Tensor rows = torch.rand(1000, 10), weight = torch.rand(10, 10), wide = torch.rand(1000, 512), few = torch.rand(10, 512);
        Tensor square = torch.rand(512, 512), left = torch.rand(64, 100, 64), right = torch.rand(64, 64, 100);
        Tensor definite = torch.eye(128) + square[..128].matmul(square[..128].t());
        Tensor tall = torch.rand(2000, 256);
        (string Name, Func<Tensor> Run)[] operations =
        [
            ("exp of 300,000", () => values.exp()),
            ("log of 300,000", () => values.log()),
            ("erf of 300,000", () => values.erf()),
            ("tanh of 300,000", () => values.tanh()),
            ("1000 x 10 by 10 x 10", () => rows.matmul(weight)),
            ("1000 x 512 by 512 x 10", () => wide.matmul(few.t())),
            ("1000 x 512 by 512 x 512", () => wide.matmul(square)),
            ("64 of 100 x 64 by 64 x 100", () => left.bmm(right)),
            ("Cholesky of 128 x 128", () => torch.linalg.cholesky(definite)),
            ("eigenvalues of 128 x 128", () => torch.linalg.eigvalsh(definite)),
            ("singular values of 2000 x 256", () => torch.linalg.svdvals(tall)),
            ("Fourier transform of 1000 x 300", () => torch.fft.rfft(values)),
        ];
        foreach ((string name, Func<Tensor> run) in operations)
        {
            double best = double.PositiveInfinity;
            for (int i = 0; i < rounds; i++)
            {
                long start = Stopwatch.GetTimestamp();
                using Tensor result = run();
                best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalMicroseconds);
            }

            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-34} {best,9:N0} us"));
        }
    }
}
