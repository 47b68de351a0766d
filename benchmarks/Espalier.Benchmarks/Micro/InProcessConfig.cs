using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Espalier.Benchmarks.Micro;

/// <summary>
/// Runs benchmarks in this process: the projects that BenchmarkDotNet generates would have to find and patch libtorch
/// once more.
/// </summary>
internal sealed class InProcessConfig : ManualConfig
{
    public InProcessConfig()
    {
        Add(DefaultConfig.Instance);
        // The build has the just-in-time compiler leave TorchSharp unoptimized, so that scalar arguments outlive their call;
        // programs run with it so, and so it is measured.
        Options |= ConfigOptions.DisableOptimizationsValidator;
        AddJob(Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(10));
    }
}
